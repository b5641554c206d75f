"""The server itself and what is set in it: version, page sizes, variables, hooks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

from gitea_client.errors import BadAnswer
from gitea_client.shapes import flag, list_of, object_of, positive, text

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
SUPPORTED_FLOOR = (1, 23, 0)
NEWEST_KNOWN = (1, 27)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVersion:
    """The version that Gitea says it is; ``parts`` compares, ``raw`` is for people."""

    raw: str
    parts: tuple[int, int, int]

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read ``GET /version``; development builds (``1.27.0+dev-12-gabc``) count as their number."""
        raw = text(object_of(data, "version"), "version")
        found = _VERSION.match(raw)
        if not found:
            raise BadAnswer("the version is no version number")
        major, minor, patch = found.groups(default="0")
        return cls(raw=raw, parts=(int(major), int(minor), int(patch)))

    @property
    def supported(self) -> bool:
        """Whether the client is tested with it: 1.23 or later."""
        return self.parts >= SUPPORTED_FLOOR

    @property
    def newer_than_known(self) -> bool:
        """Whether it is of a line that nobody has read or tried: after 1.27."""
        return self.parts[:2] > NEWEST_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Page sizes of this Gitea: the most that one page may hold, and what it holds when not asked."""

    max_response_items: int
    default_paging_num: int

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read ``GET /settings/api``."""
        data = object_of(data, "API settings")
        return cls(
            max_response_items=positive(data, "max_response_items"),
            default_paging_num=positive(data, "default_paging_num"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An Actions variable. Gitea upper-cases the name and knows no description before 1.24 (then it is empty)."""

    name: str
    value: str
    description: str

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read an ``ActionVariable`` object; its value is called ``data`` here, and ``value`` when written."""
        data = object_of(data, "variable")
        return cls(name=text(data, "name").upper(), value=text(data, "data"), description=text(data, "description", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook. Gitea never returns its secret; its authorization header is left out here because it is one."""

    id: int
    url: str
    content_type: str
    events: frozenset[str]
    active: bool
    name: str = ""  # Gitea gives webhooks names since 1.26
    branch_filter: str = ""  # keeps tags out too; empty and ``*`` keep nothing out

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read a ``Hook`` object."""
        data = object_of(data, "hook")
        config = object_of(data.get("config"), "hook config")
        events = list_of(data.get("events"), "events")
        if not all(isinstance(event, str) for event in events):
            raise BadAnswer("field 'events' holds something else than strings")
        return cls(
            id=positive(data, "id"),
            url=text(config, "url"),
            content_type=text(config, "content_type", "json"),
            events=frozenset(events),
            active=flag(data, "active"),
            name=text(data, "name", ""),
            branch_filter=text(data, "branch_filter", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApplication:
    """An application that people may sign in to with Gitea. Its secret is told once, when it is made."""

    id: int
    name: str
    client_id: str
    confidential: bool
    redirect_uris: tuple[str, ...]

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read an ``OAuth2Application`` object."""
        data = object_of(data, "OAuth2 application")
        addresses = list_of(data.get("redirect_uris"), "redirect_uris")
        if not all(isinstance(address, str) for address in addresses):
            raise BadAnswer("field 'redirect_uris' holds something else than strings")
        return cls(
            id=positive(data, "id"),
            name=text(data, "name"),
            client_id=text(data, "client_id"),
            confidential=flag(data, "confidential_client"),
            redirect_uris=tuple(addresses),
        )
