"""What Gitea knows, as frozen values.

Each ``from_json`` takes one decoded JSON object of Gitea's API, ignores fields it does not know and raises
``BadAnswer`` when a field it needs is missing or has the wrong type. Addresses are left out on purpose: they name
whatever host was asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from gitea_client.errors import BadAnswer
from gitea_client.shapes import flag, list_of, moment, number, object_of, positive, text
from gitea_client.values_accounts import Account, AccountKind, AccountRef, Team
from gitea_client.values_server import (
    SUPPORTED_FLOOR,
    ApiSettings,
    Hook,
    OAuthApplication,
    ServerVersion,
    Variable,
)

__all__ = [
    "SUPPORTED_FLOOR",
    "Account",
    "AccountKind",
    "AccountRef",
    "ApiSettings",
    "Asset",
    "Hook",
    "OAuthApplication",
    "Permissions",
    "Release",
    "Repository",
    "ServerVersion",
    "Team",
    "Variable",
]

# What a repo may have switched on, as the tabs of its pages show it.
UNITS = ("code", "issues", "pull_requests", "actions", "packages", "projects", "releases", "wiki")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What the asking person may do with a repo. ``push`` and ``pull`` speak of the code unit only."""

    admin: bool
    push: bool
    pull: bool

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read ``permissions`` of a repository."""
        data = object_of(data, "permissions")
        return cls(admin=flag(data, "admin"), push=flag(data, "push"), pull=flag(data, "pull"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repo as the token sees it; ``permissions`` are that token's, ``units`` is what it has on (``wiki``)."""

    id: int
    owner: AccountRef
    name: str
    full_name: str
    description: str
    website: str
    private: bool
    internal: bool
    archived: bool
    empty: bool
    fork: bool
    default_branch: str
    has_releases: bool
    has_actions: bool
    permissions: Permissions | None
    units: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read a ``Repository`` object."""
        data = object_of(data, "repository")
        permissions = data.get("permissions")
        return cls(
            id=positive(data, "id"),
            owner=AccountRef.from_json(data.get("owner")),
            name=text(data, "name"),
            full_name=text(data, "full_name"),
            description=text(data, "description", ""),
            website=text(data, "website", ""),
            private=flag(data, "private"),
            internal=flag(data, "internal", default=False),
            archived=flag(data, "archived", default=False),
            empty=flag(data, "empty", default=False),
            fork=flag(data, "fork", default=False),
            default_branch=text(data, "default_branch", ""),
            has_releases=flag(data, "has_releases", default=True),
            has_actions=flag(data, "has_actions", default=False),
            permissions=Permissions.from_json(permissions) if permissions is not None else None,
            units=frozenset(unit for unit in UNITS if flag(data, f"has_{unit}", default=False)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of a release. The bytes behind a ``uuid`` never change, so it is a perfect cache key; names may repeat."""

    id: int
    uuid: str
    name: str
    size: int
    created_at: datetime

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read an ``Attachment`` object; ``size`` is in bytes."""
        data = object_of(data, "asset")
        uuid = text(data, "uuid")
        if not _UUID.fullmatch(uuid):
            raise BadAnswer("field 'uuid' is no uuid")
        size = number(data, "size")
        if size < 0:
            raise BadAnswer("field 'size' is negative")
        return cls(
            id=positive(data, "id"),
            uuid=uuid,
            name=text(data, "name"),
            size=size,
            created_at=moment(data, "created_at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release, drafts included and flagged.

    ``created_at`` is the tag's date when the tag came first (and 1970 right after), never a date to sort by.
    """

    id: int
    tag: str
    title: str
    notes: str
    draft: bool
    prerelease: bool
    created_at: datetime
    author: AccountRef | None
    assets: tuple[Asset, ...]

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read a ``Release`` object with its assets, in Gitea's order."""
        data = object_of(data, "release")
        author = data.get("author")
        return cls(
            id=positive(data, "id"),
            tag=text(data, "tag_name"),
            title=text(data, "name", ""),
            notes=text(data, "body", ""),
            draft=flag(data, "draft"),
            prerelease=flag(data, "prerelease"),
            created_at=moment(data, "created_at"),
            author=AccountRef.from_json(author) if author is not None else None,
            assets=tuple(Asset.from_json(each) for each in list_of(data.get("assets"), "assets")),
        )
