"""What is asked, what is found, and what is remembered, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, cast
from urllib.parse import urlsplit

from gitea_client.levels import Level
from gitea_client.values import Hook, OAuthApplication, ServerVersion

# Under this name Gitea's pages show the webhook (from 1.26) and, when people sign in, the application.
NAME = "License Bridge"
EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the operator decided. Addresses have no trailing slash; ``hook_address`` is the whole one."""

    gitea_url: str
    gitea_public_url: str
    public_url: str
    hook_url: str
    hook_address: str
    callback: str
    owners: tuple[str, ...]
    database_url: str = field(repr=False)  # may hold a password; empty: SQLite in data_dir
    data_dir: Path
    bind: str
    token: str = field(repr=False)
    custom_dir: Path | None = None  # Gitea's, if its pages shall lead to ours

    @property
    def named_owners(self) -> tuple[str, ...]:
        """The owners that can be looked at; none where everybody is served."""
        return () if EVERYBODY in self.owners else self.owners


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """Whose token it is, and for which categories it may read and change."""

    login: str
    is_admin: bool
    reads: frozenset[str]
    changes: frozenset[str]
    sees_private: bool


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """One served owner as the token sees it. ``kind`` is ``None`` where there is none of that name."""

    name: str
    kind: Literal["org", "user"] | None
    variables_readable: bool = False
    owned: bool = False  # by whose token it is, or that person is a site admin
    new_name: str = ""


@dataclass(frozen=True, slots=True)
class GiteaFacts:
    """All that was found out without changing anything."""

    version: ServerVersion
    token: TokenFacts
    owners: tuple[OwnerFacts, ...] = ()

    @property
    def may_hook_system(self) -> bool:
        """Whether one hook can stand for all repos."""
        return self.token.is_admin and "admin" in self.token.changes


@dataclass(frozen=True, slots=True)
class HooksFound:
    """At one level: our own hooks, and somebody else's that send to the same address."""

    level: Level
    own: tuple[Hook, ...] = ()
    foreign: tuple[Hook, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationsFound:
    """Our own applications, others of the same name, and whether the token may look and make one."""

    own: tuple[OAuthApplication, ...] = ()
    foreign: tuple[OAuthApplication, ...] = ()
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """What was put into Gitea, as (level's path, id), and digests of configurations that were written here."""

    hooks: tuple[tuple[tuple[str, ...], int], ...] = ()
    application_id: int = 0
    digests: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what ``to_json`` made."""
        hooks = tuple((tuple(map(str, each["level"])), int(each["id"])) for each in data["hooks"])
        return cls(hooks, int(data["application_id"]), tuple(map(str, data["config_sha256"])))

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "hooks": [{"level": list(path), "id": hook_id} for path, hook_id in self.hooks],
            "application_id": self.application_id,
            "config_sha256": list(self.digests),
        }

    def knows(self, level: Level, hook_id: int) -> bool:
        """Whether a hook was put there by us."""
        return (level.path, hook_id) in self.hooks

    def with_hook(self, level: Level, hook_id: int) -> "Record":
        """With one more hook."""
        return Record((*self.hooks, (level.path, hook_id)), self.application_id, self.digests)

    def without_hook(self, level: Level, hook_id: int) -> "Record":
        """With one hook less."""
        left = tuple(each for each in self.hooks if each != (level.path, hook_id))
        return Record(left, self.application_id, self.digests)

    def with_application(self, application_id: int) -> "Record":
        """With another application, or none (0)."""
        return Record(self.hooks, application_id, self.digests)

    @property
    def levels(self) -> tuple[Level, ...]:
        """Where hooks of ours are, each place once."""
        return tuple(level_at(path) for path in dict.fromkeys(path for path, _ in self.hooks))


def level_at(path: Sequence[str]) -> Level:
    """The level that has this path."""
    kinds: Mapping[str, str] = {"admin": "system", "orgs": "org", "repos": "repo"}
    return Level(cast("Any", kinds[path[0]]), tuple(path))


def named(level: Level) -> str:
    """What people call a level."""
    words = {"system": "of the whole Gitea", "org": "of the organisation ", "repo": "of the repo ", "user": "of "}
    return words[level.kind] + "/".join(level.path[1:])
