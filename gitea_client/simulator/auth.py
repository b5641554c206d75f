"""Who is asking, and what their token may: the first steps of every request to the pretend Gitea's API."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app, g, request

from gitea_client.simulator.errors import Refusal, not_found
from gitea_client.simulator.models import Account, Token
from gitea_client.simulator.world import World

P = ParamSpec("P")
R = TypeVar("R")
_AUTHORIZATION = re.compile(r"(?:token|bearer)\s+(\S+)", re.IGNORECASE)
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request acts as (None: a stranger) and the token it came with."""

    person: Account | None
    token: Token | None

    @property
    def public_only(self) -> bool:
        """Whether the token is kept out of private repos."""
        return self.token is not None and "public-only" in self.token.scopes

    def has_scope(self, level: str, category: str) -> bool:
        """Whether the token covers a category; writing includes reading."""
        if self.token is None:
            return True
        wanted = {"all", f"write:{category}"} | ({f"read:{category}"} if level == "read" else set())
        return bool(wanted & self.token.scopes)


def world() -> World:
    """The world that the running app shows."""
    found: World = current_app.extensions["pretend_gitea"]
    return found


def caller() -> Caller:
    """Who is asking."""
    found: Caller = g.caller
    return found


def identify() -> Caller:
    """Read token and Sudo of the request; refusals as Gitea words them."""
    header = request.headers.get("Authorization", "")
    if not header:
        return Caller(None, None)
    found = _AUTHORIZATION.fullmatch(header.strip())
    token = world().tokens.get(found.group(1)) if found else None
    person = world().accounts[token.user_id] if token is not None else _by_password()
    if person is None:
        raise Refusal(401, "invalid username, password or token")
    if not person.active or person.prohibit_login:
        raise Refusal(403, "This account is prohibited from signing in, please contact your site administrator.")
    return Caller(person, token)


def _by_password() -> Account | None:
    basic = request.authorization
    person = world().account(basic.username or "") if basic is not None and basic.type == "basic" else None
    known = person is not None and person.password and basic is not None and basic.password == person.password
    return person if known else None


def act_as(signed_in: Caller) -> Caller:
    """Apply the Sudo header; an empty one means nothing."""
    login = request.headers.get("Sudo", "")
    if not login:
        return signed_in
    if signed_in.person is None or not signed_in.person.is_admin:
        raise Refusal(403, "Only administrators allowed to sudo.")
    person = world().account(login)
    if person is None:
        raise not_found()
    return Caller(person, signed_in.token)


def needs(*categories: str, token: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require token scopes of these categories; ``token`` also refuses strangers."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            level = "write" if request.method in _WRITING else "read"
            _check_scopes(level, categories)
            if token and caller().person is None:
                raise Refusal(401, "token is required")
            return view(*args, **kwargs)

        return checked

    return decorate


def me() -> Account:
    """Who is asking, where a token is required."""
    person = caller().person
    if person is None:
        raise Refusal(401, "token is required")
    return person


def needs_site_admin() -> None:
    """Refuse everybody else."""
    if not me().is_admin:
        raise Refusal(403, "user should be the site admin")


def body() -> dict[str, Any]:
    """The JSON object that was sent; an unreadable one is refused."""
    data = request.get_json(force=True, silent=True)
    if not isinstance(data, dict):
        raise Refusal(422, "[]: Deserialization")
    return data


def _check_scopes(level: str, categories: tuple[str, ...]) -> None:
    held = caller()
    if held.token is not None and not all(held.has_scope(level, category) for category in categories):
        required = " ".join(f"{level}:{category}" for category in categories)
        scopes = ",".join(sorted(held.token.scopes))
        message = f"token does not have at least one of required scope(s), required=[{required}], token scope={scopes}"
        raise Refusal(403, message)
