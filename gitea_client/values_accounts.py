"""People, organizations and teams, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

from gitea_client.errors import BadAnswer
from gitea_client.shapes import flag, number, object_of, positive, text

AccountKind = Literal["user", "org"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRef:
    """Who owns or wrote something. Gitea does not say here whether it is an org or a person."""

    id: int
    login: str
    full_name: str

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read an embedded owner, author or sender; ghosts have negative ids."""
        data = object_of(data, "account")
        return cls(id=number(data, "id"), login=text(data, "login"), full_name=text(data, "full_name", ""))

    @classmethod
    def from_userinfo_json(cls, data: Any) -> Self:
        """Read an OpenID userinfo answer, whose ``sub`` is the id as a string; pseudo accounts are refused."""
        data = object_of(data, "userinfo")
        sub = text(data, "sub")
        if not (sub.isascii() and sub.isdigit()):
            raise BadAnswer("field 'sub' is not the id of a person")
        return cls(id=int(sub), login=text(data, "preferred_username"), full_name=text(data, "name", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person or an organization.

    ``is_admin``, ``active`` and ``prohibit_login`` of a person are true facts only for callers that are site admins,
    or for oneself; to others Gitea says False to all three. An org is always active.
    """

    id: int
    login: str
    kind: AccountKind
    full_name: str
    email: str
    visibility: str
    active: bool
    prohibit_login: bool
    restricted: bool
    is_admin: bool
    language: str

    @classmethod
    def from_user_json(cls, data: Any) -> Self:
        """Read a ``User`` object that is known to be a person."""
        data = object_of(data, "user")
        return cls(
            id=positive(data, "id"),
            login=text(data, "login"),
            kind="user",
            full_name=text(data, "full_name", ""),
            email=text(data, "email", ""),
            visibility=text(data, "visibility", "public"),
            active=flag(data, "active", default=False),
            prohibit_login=flag(data, "prohibit_login", default=False),
            restricted=flag(data, "restricted", default=False),
            is_admin=flag(data, "is_admin", default=False),
            language=text(data, "language", ""),
        )

    @classmethod
    def from_org_json(cls, data: Any) -> Self:
        """Read an ``Organization`` object."""
        data = object_of(data, "organization")
        return cls(
            id=positive(data, "id"),
            login=text(data, "name"),
            kind="org",
            full_name=text(data, "full_name", ""),
            email=text(data, "email", ""),
            visibility=text(data, "visibility", "public"),
            active=True,
            prohibit_login=False,
            restricted=False,
            is_admin=False,
            language="",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of an org.

    ``permission`` is ``admin`` or ``owner``, or ``none`` since 1.24 for teams whose rights stand per unit. ``units``
    pairs a unit (``repo.releases``) with ``none``, ``read``, ``write``, ``admin`` or ``owner``, sorted.
    """

    id: int
    name: str
    permission: str
    units: tuple[tuple[str, str], ...]
    includes_all_repositories: bool

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read a ``Team`` object."""
        data = object_of(data, "team")
        units_map = data.get("units_map")
        units = object_of(units_map, "units_map") if units_map is not None else {}
        return cls(
            id=positive(data, "id"),
            name=text(data, "name"),
            permission=text(data, "permission", "none"),
            units=tuple((unit, text(units, unit)) for unit in sorted(units)),
            includes_all_repositories=flag(data, "includes_all_repositories", default=False),
        )

    @property
    def units_map(self) -> dict[str, str]:
        """The rights per unit, as a dictionary of one's own."""
        return dict(self.units)
