"""What all commands share: the parts, whom a name means, and how lists are shown."""

import functools
import getpass
import json
import socket
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bridge.errors import InvalidInputError, NotFoundError
from bridge.models import LicenseKey, Owner, Repo
from bridge.parts import Parts
from bridge.rules.codes import Malformed, read_code
from bridge.services.keys import Issuer
from bridge.settings import DEFAULT_CONFIG, Settings, load, named_config
from bridge.storage import catalog, licenses, schema
from bridge.storage.audits import Actor

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class Context:
    """What a command is given. Nothing is opened before it is needed, so that --help works anywhere."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    @property
    def config_words(self) -> list[str]:
        """The options that lead a child process to the same configuration."""
        return ["--config", str(self._config)] if self._config else []

    @property
    def config_file(self) -> Path:
        """The configuration file, which need not exist yet."""
        return (named_config(self._config) or DEFAULT_CONFIG).absolute()

    @functools.cached_property
    def settings(self) -> Settings:
        """The configuration."""
        return load(self._config)

    @functools.cached_property
    def parts(self) -> Parts:
        """The parts of the program, on a database of the right version."""
        parts = Parts(self.settings)
        schema.require_current(parts.engine)
        return parts

    @functools.cached_property
    def actor(self) -> Actor:
        """Who the audit trail names."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = "unknown"
        return Actor(f"cli:{user}", socket.gethostname())

    @property
    def issuer(self) -> Issuer:
        """What issuing keys needs."""
        settings = self.settings
        return Issuer(
            self.actor,
            self.parts.clock(),
            self.parts.entropy,
            settings.bridge.key_prefix,
            settings.limits.keys_per_owner_and_day,
        )

    def writing(self) -> AbstractContextManager[Any]:
        """A transaction that changes something."""
        return self.parts.open_session()

    def reading(self) -> AbstractContextManager[Any]:
        """A transaction that only looks."""
        return self.parts.open_session(read_only=True)

    def close(self) -> None:
        """Let go of what was opened."""
        if "parts" in self.__dict__:
            self.__dict__.pop("parts").close()


pass_context = click.make_pass_decorator(Context)


def split_path(path: str) -> tuple[str, str]:
    """``OWNER/REPO`` in two."""
    owner, slash, repo = path.strip("/").partition("/")
    if not owner or not slash or not repo or "/" in repo:
        raise InvalidInputError("repo", f"{path!r} is not a repo; write OWNER/REPO, for example acme/mod-weather")
    return owner, repo


def find_repo(session: Any, path: str) -> tuple[Repo, Owner]:
    """The repo at ``OWNER/REPO``."""
    found = catalog.repo_by_name(session, *split_path(path))
    if found is None:
        raise NotFoundError(f"the bridge does not know {path}; `bridge repo refresh {path}` looks at it in Gitea")
    return found[0], session.get_one(Owner, found[0].owner_id)


def find_level(session: Any, target: str) -> tuple[Owner, Repo | None]:
    """``OWNER``, or ``OWNER/REPO`` with the repo."""
    if "/" in target.strip("/"):
        repo, owner = find_repo(session, target)
        return owner, repo
    found = catalog.owner_by_name(session, target)
    if found is None:
        raise NotFoundError(f"the bridge does not know the owner {target}; it must have a served repo first")
    return found, None


def key_number(text: str) -> int | None:
    """The number in ``12`` or ``#12``; ``None`` for anything else, such as a code."""
    number = text.removeprefix("#")
    is_number = number.isascii() and number.isdigit() and len(number) < 18  # noqa: PLR2004  beyond: no row number
    return int(number) if is_number else None


def find_key(context: Context, session: Any, text: str) -> LicenseKey:
    """A key by its number (``12`` or ``#12``) or by its code."""
    number = key_number(text)
    if number is not None:
        key = licenses.key_by_id(session, number)
        if key is None:
            raise NotFoundError(f"there is no key number {number}; `bridge key list OWNER` shows them")
        return key
    code = read_code(text, context.settings.bridge.key_prefix)
    if isinstance(code, Malformed):
        raise InvalidInputError("key", "that is not a key; compare it character by character, or use its number")
    keys = licenses.keys_by_code(session, code.code)
    if len(keys) > 1:
        numbers = ", ".join(f"#{key.id}" for key in keys)
        raise InvalidInputError("key", f"that code stands for several keys ({numbers}); use a number")
    if not keys:
        raise NotFoundError("there is no key with that code")
    return keys[0]


def read_moment(text: str | None) -> datetime | None:
    """A date (its first moment, UTC) or a date with time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError("date", f"{text!r} is not a date; write 2027-03-31 or 2027-03-31T12:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def show_rows(
    rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str, columns: Iterable[str] | None = None
) -> None:
    """A list as JSON, or as a table; an empty one says what now."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=str, ensure_ascii=False))
        return
    if not rows:
        click.echo(empty)
        return
    names = list(columns or rows[0])
    table = Table(box=None, header_style="bold")
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set):
        return ", ".join(str(each) for each in value) or "-"
    return str(value)


def iso(moment: datetime | None) -> str | None:
    """A moment as JSON and tables show it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
