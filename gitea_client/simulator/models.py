"""What exists in a pretend Gitea."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Right = Literal["none", "read", "write", "admin", "owner"]
RANK: dict[str, int] = {"none": 0, "read": 1, "write": 2, "admin": 3, "owner": 4}
UNITS = (
    "repo.actions",
    "repo.code",
    "repo.ext_issues",
    "repo.ext_wiki",
    "repo.issues",
    "repo.packages",
    "repo.projects",
    "repo.pulls",
    "repo.releases",
    "repo.wiki",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Account:
    """A person or an org; both draw their ids from one sequence, as in Gitea."""

    id: int
    login: str
    created: datetime
    is_org: bool = False
    full_name: str = ""
    email: str = ""
    password: str = ""
    visibility: str = "public"
    is_admin: bool = False
    active: bool = True
    prohibit_login: bool = False
    restricted: bool = False
    language: str = ""
    theme: str = "gitea-auto"


@dataclass(slots=True, kw_only=True)
class Team:
    """A team of an org; ``units`` holds a right per unit, ``permission`` the general one."""

    id: int
    org_id: int
    name: str
    permission: Right
    units: dict[str, Right]
    includes_all: bool = False
    members: set[int] = field(default_factory=set)
    repos: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Token:
    """An access token with its scopes, ``all`` among them perhaps."""

    user_id: int
    scopes: frozenset[str]
    name: str = ""


@dataclass(slots=True, kw_only=True)
class Asset:
    """A file of a release."""

    id: int
    uuid: str
    name: str
    content: bytes
    created: datetime
    downloads: int = 0


@dataclass(slots=True, kw_only=True)
class Release:
    """A release or a draft of one."""

    id: int
    tag: str
    title: str
    notes: str
    target: str
    author_id: int
    created: datetime
    draft: bool = False
    prerelease: bool = False
    assets: list[Asset] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Variable:
    """An Actions variable."""

    name: str
    value: str
    description: str = ""


@dataclass(slots=True, kw_only=True)
class Repo:
    """A repo; ``tags`` maps tag to commit, ``collaborators`` a person's id to their right."""

    id: int
    owner_id: int
    name: str
    created: datetime
    private: bool = False
    description: str = ""
    archived: bool = False
    empty: bool = False
    has_releases: bool = True
    has_actions: bool = True
    default_branch: str = "main"
    collaborators: dict[int, Right] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Hook:
    """A webhook of an org, a repo or, without either, of the system.

    There ``is_system`` false means a "default" hook, which existing repos never get.
    """

    id: int
    url: str
    content_type: str
    secret: str
    events: list[str]
    active: bool
    created: datetime
    owner_id: int = 0
    repo_id: int = 0
    is_system: bool = False
    branch_filter: str = ""
    name: str = ""


@dataclass(slots=True, kw_only=True)
class Application:
    """An OAuth2 application of a person; its secret is shown once."""

    id: int
    owner_id: int
    name: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    confidential: bool
    skip_consent: bool = False
    created: datetime
