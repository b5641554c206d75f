"""The questions of `bridge init`: each is also an option, and has what is configured already as its default."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from bridge.errors import InvalidInputError, SettingsError
from bridge.services.installing.holding import Held
from bridge.services.installing.values import EVERYBODY, Answers
from bridge.settings import Settings, build
from bridge.settings.schema import CALLBACK_PATH, hook_address, http_url
from bridge.storage.engine import has_password

_BIND = "127.0.0.1:8080"
_SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Given:
    """What the options say; ``None`` for what they leave open. ``ask`` is off with --yes."""

    gitea_url: str | None
    gitea_public_url: str | None
    public_url: str | None
    hook_url: str | None
    owners: tuple[str, ...]
    database: str | None
    data_dir: Path | None
    bind: str | None
    token: str | None
    gitea_custom: Path | None
    ask: bool


def answers(given: Given, held: Held) -> tuple[Answers, Settings]:
    """Ask what is open, and check all of it together. Raises ``SettingsError`` and ``InvalidInputError``."""
    asking = _Asking(given.ask)
    gitea_url = asking.url(given.gitea_url, "Gitea, as this machine reaches it", held.text("gitea.url") or _GITEA)
    seen_as = held.text("gitea.public_url") or gitea_url
    gitea_public_url = asking.url(given.gitea_public_url, "Gitea, as people see it", seen_as)
    usual = held.text("bridge.public_url") or gitea_public_url
    public_url = asking.url(given.public_url, "This bridge, as customers' sites see it", usual, _public)
    owners = asking.owners(given.owners, held.owners)
    if given.database is None and held.value("database.url_file") and not held.secrets["database.url"]:
        raise InvalidInputError(
            "database", "the file with the database's address is gone; name one with --database-file"
        )
    database = asking.database(given.database, held.secrets["database.url"])
    token = asking.token(given.token, held.secrets["gitea.token"])
    bind = given.bind or held.text("web.bind") or _BIND
    hook_url = _checked(given.hook_url, http_url) if given.hook_url else held.text("gitea.hook_url")
    data_dir = given.data_dir or Path(held.text("bridge.data_dir") or _data_dir(held))
    held_custom = held.text("gitea.custom_dir")
    made = Answers(
        gitea_url=gitea_url,
        gitea_public_url=gitea_public_url,
        public_url=public_url,
        hook_url=hook_url,
        hook_address=hook_address(hook_url, bind),
        callback=public_url + CALLBACK_PATH,
        owners=owners,
        database_url=database,
        data_dir=data_dir.absolute() if given.data_dir else data_dir,
        bind=bind,
        token=token,
        custom_dir=given.gitea_custom.absolute() if given.gitea_custom else Path(held_custom) if held_custom else None,
    )
    return made, _settings(made, held)


_GITEA = "http://127.0.0.1:3000"


def _data_dir(held: Held) -> str:
    """For a new configuration: where such data usually lies. A file that names none means what the program means."""
    if not held.fresh:
        return "var"
    directory = held.files.config.parent
    return "/var/lib/license-bridge" if directory.is_relative_to("/etc") else str(directory / "data")


def _settings(made: Answers, held: Held) -> Settings:
    sections = {
        "gitea": {
            "url": made.gitea_url,
            "public_url": made.gitea_public_url,
            "token": made.token,
            "hook_url": made.hook_url,
            "custom_dir": str(made.custom_dir or ""),
            "max_requests_per_second": 50.0,  # a handful of questions, and somebody waits for them
        },
        "bridge": {"public_url": made.public_url, "owners": list(made.owners), "data_dir": made.data_dir},
        "database": {"url": made.database_url},
        "web": {"bind": made.bind},
    }
    return build(sections, held.files.config)


@dataclass(frozen=True, slots=True)
class _Asking:
    ask: bool

    def url(self, given: str | None, question: str, default: str, check: Callable[[str], str] = http_url) -> str:
        if given is not None or not self.ask:
            return _checked(given or default, check)
        return str(click.prompt(question, default=default, value_proc=lambda text: _retry(text, check)))

    def owners(self, given: tuple[str, ...], held: tuple[str, ...]) -> tuple[str, ...]:
        if given or not self.ask:
            return _owners(",".join(given)) if given else held
        question = "Owners (organisations, accounts) that are served, separated by commas"
        named = _owners(str(click.prompt(question, default=", ".join(held) or None)))
        if EVERYBODY in named and named != held:
            click.confirm("Everybody on this Gitea can then offer products here. Is that meant?", abort=True)
        return named

    def database(self, given: str | None, held: str) -> str:
        if given is not None or not self.ask:
            return _checked(given, _database) if given is not None else held
        question = "Database: sqlite, or postgresql://user:password@host/name"
        # The default is not shown where it holds a password.
        hidden = bool(held) and has_password(held)
        text = click.prompt(
            question,
            default=held or _SQLITE,
            show_default="as it is configured" if hidden else True,
            value_proc=lambda text: _retry(text, _database),
        )
        return str(text)

    def token(self, given: str | None, held: str) -> str:
        if given is not None:
            return given
        if not self.ask:
            if not held:
                raise InvalidInputError("token", "a token is needed: name a file that holds it with --token-file")
            return held
        if held and click.confirm("There is a token already. Keep it?", default=True):
            return held
        return str(click.prompt("Gitea token of a site administrator (not shown)", hide_input=True)).strip()


def read_token(file: Path) -> str:
    """The token in a file; ``-`` is standard input. Raises ``InvalidInputError``."""
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text"
        raise InvalidInputError("token", f"{file}: {reason}; write Gitea's token into that file") from None
    words = text.split()
    if len(words) != 1 or not words[0].isascii():
        raise InvalidInputError("token", f"{file} must hold Gitea's token and nothing else")
    return words[0]


def _owners(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _public(url: str) -> str:
    checked = http_url(url)
    try:
        return build({"bridge": {"public_url": checked}}, Path("this")).bridge.public_url
    except SettingsError as error:
        raise ValueError(str(error).removeprefix("this: ")) from None


def _database(text: str) -> str:
    if text in {"", _SQLITE}:
        return ""
    try:
        has_password(text)
        return build({"database": {"url": text}}, Path("this")).database.url
    except SettingsError as error:
        raise ValueError(str(error).removeprefix("this: ")) from None


def _checked(text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise InvalidInputError("option", f"{text}: {error}") from None


def _retry(text: str, check: Callable[[str], str]) -> str:
    """For a prompt, which then asks again."""
    try:
        return check(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
