"""What has to be done, as steps: from what was answered, what is held and what is in Gitea."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.services.installing.holding import DATABASE, SECRETS, TOKEN, Held
from bridge.services.installing.steps import (
    ChangeGiteaFile,
    CreateApplication,
    CreateHook,
    DeleteApplication,
    DeleteHook,
    Migrate,
    Note,
    Prove,
    Step,
    WriteConfig,
    WriteSecret,
)
from bridge.services.installing.values import NAME, Answers, ApplicationsFound, HooksFound, named
from bridge.settings.editing import Value
from bridge.storage.engine import has_password, in_words
from gitea_client.levels import Level
from gitea_client.values import Hook
from gitea_client.webhooks import EVENTS

_DEFAULT_BIND = "127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Found:
    """What is in Gitea: hooks at the levels where there shall be one, at others where one of ours is, applications."""

    hooks: tuple[HooksFound, ...]
    elsewhere: tuple[HooksFound, ...]
    applications: ApplicationsFound
    fallback_secret: str = field(repr=False)  # a new one, for where none is held
    pages: tuple[ChangeGiteaFile, ...] = ()  # what Gitea's templates lack


def plan(answers: Answers, held: Held, found: Found) -> tuple[Step, ...]:
    """All steps, in their order.

    Secrets come before the configuration that names them, and both before Gitea, so that whatever moment a run ends at,
    the next one knows what it needs to go on.
    """
    secret = held.hook_secret or found.fallback_secret
    return (
        *_files(answers, held, secret),
        Migrate(database_words(answers)),
        *(step for each in found.hooks for step in _hook(each, answers.hook_address, held, secret)),
        *(step for each in found.elsewhere for step in _superfluous(each)),
        *_application(answers, held, found.applications),
        *_pages(answers, found.pages),
        *_proof(answers, found.hooks, secret),
    )


def database_words(answers: Answers) -> str:
    """The database in words, without its password."""
    url = answers.database_url or f"sqlite:///{answers.data_dir / 'bridge.db'}"
    return in_words(url)


def _files(answers: Answers, held: Held, secret: str) -> Iterator[Step]:
    changes: dict[str, Value] = dict(_plain_keys(answers, held))
    wanted = {"gitea.token": answers.token, "gitea.webhook_secrets": held.secrets["gitea.webhook_secrets"] or secret}
    what = {
        "gitea.token": ("Gitea's token", TOKEN),
        "gitea.webhook_secrets": ("the secret of the webhook", SECRETS),
        "database.url": ("the database's address, which holds a password", DATABASE),
    }
    if _has_password(answers.database_url):
        wanted["database.url"] = answers.database_url
    for key, text in wanted.items():
        kept_elsewhere = held.secrets[key] == text and _is_named(held, key)
        if kept_elsewhere:
            continue
        yield WriteSecret(*what[key], held.files.secret(what[key][1]), text)
        changes |= held.secret_keys(key)
    if held.value("oauth.client_secret_file") and not held.secrets["oauth.client_secret"]:
        changes |= dict.fromkeys(("oauth.client_id", "oauth.client_secret_file"))  # no program starts without that file
    if changes:
        yield WriteConfig(held.files.config, changes, held.fresh)
    else:
        yield Note(f"{held.files.config} says all that is needed; it stays as it is")


def _is_named(held: Held, key: str) -> bool:
    return held.value(key) is not None or held.value(f"{key}_file") is not None


def _plain_keys(answers: Answers, held: Held) -> Iterator[tuple[str, Value]]:
    """Keys whose value is another than what the file says or, being silent, means. A new file says everything."""
    wanted: dict[str, tuple[Value, Any]] = {
        "gitea.url": (answers.gitea_url, "http://127.0.0.1:3000"),
        "gitea.public_url": (answers.gitea_public_url, answers.gitea_url),
        "bridge.public_url": (answers.public_url, answers.gitea_public_url),
        "bridge.owners": (list(answers.owners), []),
        "bridge.data_dir": (str(answers.data_dir), "var"),
    }
    for key, (value, meant) in wanted.items():
        stands = held.value(key)
        stands = stands.rstrip("/") if isinstance(stands, str) and "url" in key else stands
        if stands != value and (held.fresh or stands is not None or value != meant):
            yield key, value
    yield from _optional_keys(answers, held)


def _optional_keys(answers: Answers, held: Held) -> Iterator[tuple[str, Value]]:
    """Keys that even a new file leaves out where the default is meant."""
    wanted = {"gitea.hook_url": (answers.hook_url, ""), "web.bind": (answers.bind, _DEFAULT_BIND)}
    wanted["gitea.custom_dir"] = (str(answers.custom_dir or ""), "")
    if not _has_password(answers.database_url):
        wanted["database.url"] = (answers.database_url, "")
        if held.value("database.url_file") and held.secrets["database.url"] != answers.database_url:
            yield "database.url_file", None
    for key, (value, default) in wanted.items():
        kept_in_file = held.secrets.get(key) == value and bool(value)
        if (held.value(key) or default) != value and not kept_in_file:
            yield key, value or None


def _has_password(database_url: str) -> bool:
    return bool(database_url) and has_password(database_url)


def _hook(found: HooksFound, address: str, held: Held, secret: str) -> Iterator[Step]:
    good = [hook for hook in found.own if held.hook_secret and not _fault(hook, address)]
    kept = good[0] if good else None
    if kept is None:
        yield CreateHook(found.level, address, secret)
    else:
        yield Note(f"the webhook {named(found.level)} is there already (number {kept.id})")
    for hook in found.own:
        if hook is not kept:
            why = _fault(hook, address) or ("its secret was lost" if kept is None else "there is another one")
            yield DeleteHook(found.level, hook.id, why)
    yield from _others(found)


def _others(found: HooksFound) -> Iterator[Note]:
    for hook in found.foreign:
        yield Note(
            f"another webhook {named(found.level)} (number {hook.id}), not made by this program, sends to the same"
            " address. It is left alone; its deliveries are refused unless they are signed with the bridge's secret."
            " Delete it in Gitea if nobody needs it",
            warning=True,
        )


def _fault(hook: Hook, address: str) -> str:
    """Why a hook of ours can't stay. It is never changed: Gitea would reset its events, and keeps its secret anyway."""
    if hook.url != address:
        return f"it sends to {hook.url}"
    if not hook.active:
        return "it is switched off"
    if not hook.events >= EVENTS:
        return f"it does not tell of {', '.join(sorted(EVENTS - hook.events))}"
    return ""


def _superfluous(found: HooksFound) -> Iterator[Step]:
    for hook in found.own:
        yield DeleteHook(found.level, hook.id, "another webhook stands for it now")


def _application(answers: Answers, held: Held, found: ApplicationsFound) -> Iterator[Step]:
    client_id = held.text("oauth.client_id")
    has_secret = bool(client_id and held.secrets["oauth.client_secret"])
    kept = [
        each
        for each in found.own
        if has_secret and each.client_id == client_id and answers.callback in each.redirect_uris and each.confidential
    ]
    made_by_hand = has_secret and not found.own and not held.files.record().application_id
    if kept:
        yield Note(f"the application “{NAME}” for sign-in is there already (number {kept[0].id})")
    elif made_by_hand:
        yield Note("the configuration names an application for sign-in that was made by hand; it is left as it is")
    elif found.allowed:
        yield CreateApplication(answers.callback)
    else:
        yield Note(
            "nobody can sign in yet: the token can't make the application. Give it write:user and run this again, or"
            f" make one in Gitea by hand, confidential, with the redirect address {answers.callback}, and write"
            " oauth.client_id and oauth.client_secret into the configuration",
            warning=True,
        )
    if found.allowed and not made_by_hand:
        for each in found.own:
            if each not in kept:
                why = (
                    "its secret was lost" if answers.callback in each.redirect_uris else "it returns to another address"
                )
                yield DeleteApplication(each.id, why)
    yield from _namesakes(found)


def _namesakes(found: ApplicationsFound) -> Iterator[Note]:
    for each in found.foreign:
        yield Note(f"another application “{each.name}” (number {each.id}) returns elsewhere; it is left alone")


def _pages(answers: Answers, missing: Sequence[ChangeGiteaFile]) -> Iterator[Step]:
    if answers.custom_dir is None:
        return
    yield from missing
    if missing:
        yield Note(
            "restart Gitea: it reads its templates when it starts, and then shows the tab “Licenses”", warning=True
        )
    else:
        yield Note(f"Gitea's templates in {answers.custom_dir} lead to the bridge's pages already")


def _proof(answers: Answers, hooks: Sequence[HooksFound], secret: str) -> Iterator[Step]:
    if hooks:
        yield Prove(hooks[0].level, answers.hook_address, secret)
        return
    yield Note(
        "Gitea will tell the bridge nothing, since no webhook can be made with this token: releases are found by the"
        " clock, within ten minutes. With write:admin and a site administrator's account one webhook serves all repos",
        warning=True,
    )


def levels_elsewhere(record_levels: Sequence[Level], wanted: Sequence[Level]) -> tuple[Level, ...]:
    """Where hooks of ours are that shall not be any more."""
    paths = {level.path for level in wanted}
    return tuple(level for level in record_levels if level.path not in paths)
