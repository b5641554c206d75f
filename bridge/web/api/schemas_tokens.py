"""What is sent and answered about machine tokens."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bridge.rules.scopes import Scope
from bridge.web.api.fields import Given, Line, Moment, PageQuery, Taken

MOST_NAME = 100


def _each_once(scopes: list[Scope]) -> list[Scope]:
    if len(set(scopes)) != len(scopes):
        raise ValueError("names a scope twice")
    return scopes


class TokenQuery(PageQuery):
    """Which tokens to list."""

    state: Literal["live", "expired", "revoked"] | None = None
    """Only tokens in this state; without it all but the revoked ones."""


class TokenMake(Taken):
    """A token to make."""

    name: Annotated[Line, Field(min_length=1, max_length=MOST_NAME)]
    """What it is for."""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope)), AfterValidator(_each_once)]
    """What it may do, as far as you may: docs/permissions.md. ``keys:write`` includes ``keys:read``."""
    expires_at: Moment | None = None
    """Left out: in a year. ``null``: it lasts until it is revoked."""


class Token(Given):
    """A machine token, without the token."""

    id: int
    name: str
    hint: str
    """Its last symbols."""
    scopes: list[Scope]
    repo: str | None
    """The repo that it is bound to; ``null``: all of the owner."""
    state: Literal["live", "expired", "revoked"]
    made_by: str
    """Who made it, as they were called then. It may do what they may, and ends with them."""
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None
    """The minute."""
    revoked_at: Moment | None


class NewToken(Token):
    """A token that was just made."""

    token: str | None
    """The token itself, shown this once: ``null`` where the same call comes again with its ``Idempotency-Key``."""
