"""What has to be taken out of Gitea again, and what stays unless it is named."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bridge.rules.variables import OWNER_VARIABLES, REPO_VARIABLES
from bridge.services.installing import looking
from bridge.services.installing.files import Files
from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.steps import (
    ChangeGiteaFile,
    DeleteApplication,
    DeleteConfig,
    DeleteHook,
    DeleteVariables,
    DropDatabase,
    Note,
    Step,
)
from bridge.services.installing.values import EVERYBODY, NAME, named
from bridge.settings import Settings
from bridge.storage.engine import in_words
from gitea_client.client import GiteaClient
from gitea_client.errors import Moved, NotAllowed, NotFound
from gitea_client.levels import Level
from gitea_client.values import Account, ServerVersion

Part = Literal["variables", "database", "config"]
_TAKEN_OUT = "the bridge is taken out"


@dataclass(frozen=True, slots=True)
class Removal:
    """Finds what there is. ``purge`` names what is deleted beyond Gitea's webhooks and application."""

    client: GiteaClient
    settings: Settings
    files: Files
    purge: AbstractSet[Part]

    def plan(self) -> tuple[Step, ...]:
        """All steps. Raises ``GiteaError`` where Gitea does not answer: then nothing can be taken out of it."""
        version = looking.version_at(self.client, self.settings.gitea.url)
        owners = tuple(self._owners())
        hooks = [step for level in self._levels(owners) for step in self._hooks(level, version)]
        return (
            *(hooks or [Note("there is no webhook of the bridge in Gitea")]),
            *self._applications(),
            *self._pages(),
            *self._variables(owners),
            *self._database(),
            *self._config(),
        )

    def _owners(self) -> Iterator[Account]:
        for name in self.settings.bridge.owners:
            if name != EVERYBODY:
                try:
                    yield self.client.owner(name)
                except (NotFound, Moved, NotAllowed):
                    continue

    def _levels(self, owners: Iterable[Account]) -> tuple[Level, ...]:
        """Wherever `bridge init` could have made a hook, and where it wrote down that it did."""
        levels = [Level.system()]
        for owner in owners:
            if owner.kind == "org":
                levels.append(Level.org(owner.login))
            repos = self.client.search_owner_repos(owner.id)
            levels += [
                Level.repo(owner.login, repo.name) for repo in repos if repo.permissions and repo.permissions.admin
            ]
        known = {level.path for level in levels}
        return (*levels, *(level for level in self.files.record().levels if level.path not in known))

    def _hooks(self, level: Level, version: ServerVersion) -> Iterator[Step]:
        settings = self.settings
        try:
            found = looking.find_hooks(
                self.client,
                level,
                settings.hook_address,
                self.files.record(),
                version,
                holds_secret=bool(settings.gitea.webhook_secrets),
            )
        except (NotFound, Moved):
            return
        except NotAllowed as refused:
            if level in self.files.record().levels:
                sentence = (
                    f"the webhook {named(level)} can't be looked at ({refused.message}): delete it in Gitea by hand"
                )
                yield Note(f"{sentence}, or run this with a token that may (--token-file)", warning=True)
            return
        for hook in found.own:
            yield DeleteHook(level, hook.id, _TAKEN_OUT)
        for hook in found.foreign:
            yield Note(f"another webhook {named(level)} (number {hook.id}) sends to the same address; it is left alone")

    def _applications(self) -> Iterator[Step]:
        client_id, record = self.settings.oauth.client_id, self.files.record()
        try:
            apps = self.client.oauth_applications()
        except NotAllowed as refused:
            if client_id:
                sentence = (
                    f"the application “{NAME}” can't be looked at ({refused.message}): delete it in Gitea by hand"
                )
                yield Note(sentence, warning=True)
            return
        callback = self.settings.oauth_callback
        ours = [
            each
            for each in apps
            if each.client_id == client_id
            or each.id == record.application_id
            or (each.name == NAME and callback in each.redirect_uris)
        ]
        yield from (DeleteApplication(each.id, _TAKEN_OUT) for each in ours)
        if not ours:
            yield Note("there is no application of the bridge in Gitea")

    def _pages(self) -> Iterator[Step]:
        directory = self.settings.gitea.custom_dir
        if not directory:
            return
        folder = GiteaFolder(Path(directory))
        left = folder.leftovers()
        yield from (ChangeGiteaFile(folder, each, taking_out=True) for each in left)
        if left:
            yield Note("restart Gitea: it reads its templates when it starts", warning=True)
        else:
            yield Note(f"there is nothing of the bridge in {directory}")

    def _variables(self, owners: Iterable[Account]) -> Iterator[Step]:
        if "variables" not in self.purge:
            yield Note("the LICENSING_ variables of repos and owners stay (--purge variables deletes them)")
            return
        for owner in owners:
            org = owner.kind == "org"
            yield from self._variables_at(Level.org(owner.login) if org else self._account(owner), OWNER_VARIABLES)
            for repo in self.client.search_owner_repos(owner.id):
                yield from self._variables_at(Level.repo(owner.login, repo.name), REPO_VARIABLES)

    def _account(self, owner: Account) -> Level:
        """Others are acted for with ``Sudo``, which is for site admins; oneself needs none."""
        try:
            own = self.client.me().id == owner.id
        except NotAllowed:
            own = False
        return Level("user", ("user",)) if own else Level.user(owner.login)

    def _variables_at(self, level: Level, known: Iterable[str]) -> Iterator[Step]:
        try:
            there = self.client.variables(level)
        except (NotAllowed, NotFound, Moved):
            return
        names = tuple(sorted(set(known) & set(there)))
        if names:
            yield DeleteVariables(level, names)

    def _database(self) -> Iterator[Step]:
        what = in_words(self.settings.database.url)
        if "database" in self.purge:
            yield DropDatabase(what)
        else:
            yield Note(f"the database with all licenses stays: {what} (--purge database deletes it)")

    def _config(self) -> Iterator[Step]:
        if "config" in self.purge:
            yield DeleteConfig(self.files.config)
        else:
            yield Note(f"the configuration stays: {self.files.config} (--purge config deletes it)")
