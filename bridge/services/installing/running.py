"""Carry out steps, one by one. Each can be done again: what was done is written down before the next begins."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import UnavailableError
from bridge.services.installing import proving, steps
from bridge.services.installing.files import Files
from bridge.services.installing.holding import CLIENT_SECRET
from bridge.services.installing.proving import Arrival, PostBox, Trial
from bridge.services.installing.steps import Done, Step
from bridge.services.installing.values import NAME, named
from bridge.settings.editing import Value, edited
from gitea_client.client import GiteaClient
from gitea_client.errors import NotAllowed, NotFound

_HEAD = """\
# Written by `bridge init`. config.example.toml explains every key. Change what you like: what stands here stays, and
# another `bridge init` asks before it touches a file that was changed by hand.
"""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the steps reach beyond Gitea and the files; the edge hands it in."""

    migrate: Callable[[], str]  # returns the schema's version
    post_box: Callable[[], AbstractContextManager[PostBox]]
    wait_seconds: float
    unique: Callable[[], str]
    drop_database: Callable[[], None] = field(default=lambda: None)


class Hands:
    """Does steps."""

    def __init__(self, client: GiteaClient, files: Files, outside: Outside) -> None:
        self._client = client
        self._files = files
        self._outside = outside
        self._refused: set[type] = set()
        self._ways: Mapping[type, Callable[[Any], Done]] = {
            steps.Note: lambda step: Done(step.sentence, step.warning),
            steps.WriteSecret: self._write_secret,
            steps.WriteConfig: self._write_config,
            steps.Migrate: lambda _step: Done(f"the database is at {self._outside.migrate()}"),
            steps.CreateHook: self._create_hook,
            steps.DeleteHook: self._delete_hook,
            steps.CreateApplication: self._create_application,
            steps.DeleteApplication: self._delete_application,
            steps.Prove: self._prove,
            steps.ChangeGiteaFile: self._change_gitea_file,
            steps.DeleteVariables: self._delete_variables,
            steps.DropDatabase: self._drop_database,
            steps.DeleteConfig: self._delete_config,
        }

    def do(self, step: Step) -> Done:
        """Do one. Raises what goes wrong with the files or with reaching Gitea; its refusals are warnings."""
        try:
            return self._ways[type(step)](step)
        except NotAllowed as refused:
            self._refused.add(type(step))
            return Done(f"Gitea refused to {step.sentence}: {refused.message}", warning=True)

    def _write_secret(self, step: steps.WriteSecret) -> Done:
        self._files.write_secret(step.name, step.text)
        return Done(f"wrote {step.what} to {step.path}")

    def _write_config(self, step: steps.WriteConfig) -> Done:
        self._change_config(step.changes)
        return Done(f"wrote {step.path}" if step.fresh else f"changed {step.path}: {', '.join(step.changes)}")

    def _change_config(self, changes: Mapping[str, Value]) -> None:
        self._files.make_directories()
        self._files.write_config(edited(self._files.read_text() or _HEAD, changes))

    def _create_hook(self, step: steps.CreateHook) -> Done:
        hook = self._client.create_hook(step.level, step.address, step.secret, name=NAME)
        self._files.write_record(self._files.record().with_hook(step.level, hook.id))
        return Done(f"made the webhook {named(step.level)} (number {hook.id})")

    def _delete_hook(self, step: steps.DeleteHook) -> Done:
        try:
            was_there = self._client.delete_hook(step.level, step.hook_id)
        except NotFound:  # its whole repo or organisation
            was_there = False
        self._files.write_record(self._files.record().without_hook(step.level, step.hook_id))
        said = "deleted" if was_there else "found no more"
        return Done(f"{said} the webhook {step.hook_id} {named(step.level)}")

    def _create_application(self, step: steps.CreateApplication) -> Done:
        made = self._client.create_oauth_application(NAME, [step.callback])
        self._files.write_secret(CLIENT_SECRET, made.secret)
        self._files.write_record(self._files.record().with_application(made.application.id))
        changes: dict[str, Value] = {
            "oauth.client_id": made.application.client_id,
            "oauth.client_secret_file": self._files.reference(CLIENT_SECRET),
            "oauth.client_secret": None,
        }
        self._change_config(changes)
        return Done(f"made the application “{NAME}” for sign-in (number {made.application.id})")

    def _delete_application(self, step: steps.DeleteApplication) -> Done:
        # That there was one stays written down: what the configuration still names is known not to be made by hand.
        was_there = self._client.delete_oauth_application(step.application_id)
        return Done(f"{'deleted' if was_there else 'found no more'} the application {step.application_id}")

    def _prove(self, step: steps.Prove) -> Done:
        if steps.CreateHook in self._refused:
            return Done(
                "no delivery can arrive, since there is no webhook; releases are found by the clock", warning=True
            )
        seconds = self._outside.wait_seconds
        trial = Trial(step.level, step.address, step.secret, seconds, self._outside.unique())
        with self._outside.post_box() as box:
            try:
                arrival = proving.prove(self._client, trial, box)
            except UnavailableError as error:
                return Done(f"whether deliveries arrive is not known: {error}", warning=True)
        if arrival is Arrival.PROVEN:
            return Done("a delivery from Gitea arrived, signed as it should be")
        if arrival is Arrival.FORGED:
            sentence = f"a delivery arrived at {step.address}, but signed with another secret than the bridge's"
            return Done(f"{sentence}: look through the webhooks {named(step.level)} in Gitea", warning=True)
        return Done(_not_arrived(step.address, seconds), warning=True)

    @staticmethod
    def _change_gitea_file(step: steps.ChangeGiteaFile) -> Done:
        step.folder.settle(step.difference)
        path = step.difference.path
        if step.difference.text is None:
            return Done(f"deleted {path}")
        return Done(
            f"took the bridge's part out of {path}" if step.taking_out else f"wrote the bridge's part of {path}"
        )

    def _delete_variables(self, step: steps.DeleteVariables) -> Done:
        gone = [name for name in step.names if self._client.delete_variable(step.level, name)]
        where = "/".join(step.level.path[1:]) or step.level.sudo or "the token's account"
        return Done(f"deleted {len(gone)} variables of {where}")

    def _drop_database(self, step: steps.DropDatabase) -> Done:
        self._outside.drop_database()
        return Done(f"deleted the database ({step.what}) and the copies of release files")

    def _delete_config(self, _step: steps.DeleteConfig) -> Done:
        gone = self._files.remove()
        return Done(f"deleted {', '.join(map(str, gone))}" if gone else "there was no configuration any more")


def _not_arrived(address: str, seconds: float) -> str:
    return (
        f"no delivery from Gitea arrived at {address} within {seconds:g} s. Gitea refuses to send to most inner"
        " addresses until its app.ini names them. Write there, and restart Gitea:\n\n"
        f"    [webhook]\n    {proving.allowed_hosts_line(address)}\n\n"
        "(where the section has such a line already, add the last word to it), then run this again. If that is not it:"
        " does Gitea's machine reach that address (--hook-url)? If `bridge serve` was running meanwhile, restart it, so"
        " that it knows the webhook's secret. Until then releases are found by the clock, within ten minutes"
    )
