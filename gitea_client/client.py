"""The client of Gitea: py-gitea's, with its wire replaced and the answers turned into values."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import gitea

from gitea_client.accounts import AccountCalls
from gitea_client.addresses import checked_base, quoted_path
from gitea_client.answers import Answer
from gitea_client.applications import ApplicationCalls
from gitea_client.assets import AssetCalls
from gitea_client.budget import Clock, RequestBudget, Sleep
from gitea_client.levels import sudo_name
from gitea_client.openid import OpenIdCalls
from gitea_client.repositories import RepositoryCalls
from gitea_client.scopes import ScopeCalls
from gitea_client.transport import Token, Transport
from gitea_client.variables import VariableCalls
from gitea_client.webhooks import WebhookCalls

TIMEOUT = (3.05, 10.0)


def _drop(_record: logging.LogRecord) -> bool:
    return False


class GiteaClient(
    AccountCalls,
    RepositoryCalls,
    VariableCalls,
    WebhookCalls,
    ApplicationCalls,
    ScopeCalls,
    AssetCalls,
    OpenIdCalls,
    gitea.Gitea,  # type: ignore[misc] # py-gitea is untyped, so its class is Any here
):
    """Everything that is asked of Gitea, as frozen values or as one of ``errors``.

    ``base_url`` is where this program reaches Gitea, ``public_url`` where people do. ``timeout`` is (connect, read) in
    seconds. ``before_request`` is called before each request and may wait or raise; ``requests_per_second`` is a ready
    made one. ``request_id`` names what Gitea is asked for, so that its log tells (``X-Request-ID``); an empty one is
    not sent. ``verify`` is True or the path of a CA bundle. Safe to share among threads; ``close`` it at the end.

    py-gitea's own methods stay usable: they go through the same wire, with the same errors.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None,
        *,
        timeout: tuple[float, float] = TIMEOUT,
        public_url: str | None = None,
        requests_per_second: float | None = None,
        before_request: Callable[[], None] | None = None,
        request_id: Callable[[], str] = str,
        verify: bool | str = True,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        base_url = checked_base(base_url)
        if requests_per_second is not None and before_request is None:
            before_request = RequestBudget(requests_per_second, clock=clock, sleep=sleep)
        self.public_url = checked_base(public_url or base_url)
        self._token = Token(token)
        self._transport = Transport(
            base_url,
            timeout=timeout,
            verify=verify,
            before_request=before_request,
            request_id=request_id,
            clock=clock,
            sleep=sleep,
        )
        self._tame_py_gitea(base_url)

    def _tame_py_gitea(self, base_url: str) -> None:
        # It gets no token, so that none stands in its public ``headers``. Its logger, shared by all its objects, writes
        # whole addresses at ERROR and passwords at DEBUG. Its session follows redirects and reads .netrc, so it goes.
        super().__init__(base_url)
        self.logger.addFilter(_drop)
        self.requests.close()
        del self.requests

    def __repr__(self) -> str:
        return f"GiteaClient({self._transport.base_url!r}, {self._token!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; a client that is used again opens new ones."""
        self._transport.close()

    def with_token(self, token: str) -> GiteaClient:
        """Return the same client speaking with another token, over the same connections, budget and breaker."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._token = Token(token)
        other._acting_as = None
        return other

    def acting_as(self, login: str) -> GiteaClient:
        """Return the same client asking the API as that person, with ``Sudo``: what they see is what it sees.

        Needs a site admin's token; any other is ``NotAllowed``. It works for blocked people too: ask first whether they
        may sign in. ``ValueError`` for what is no login, which Gitea would take for no ``Sudo`` at all.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._acting_as = sudo_name(login)
        return other

    def public_link(self, *segments: str) -> str:
        """Return the address of a page for people.

        Build every link so: the addresses in Gitea's answers name whatever host was asked.
        """
        return self.public_url + quoted_path(segments)

    # py-gitea builds every request of its own methods with these; its formatted endpoints are split and quoted anew.

    def requests_get(self, endpoint: str, params: Mapping[str, Any] | None = None, sudo: Any = None) -> Any:
        """GET for py-gitea's own methods; ``sudo`` is one of its users."""
        return _decoded(self._endpoint("GET", endpoint, params=params, sudo=sudo))

    def requests_get_raw(self, endpoint: str, params: Mapping[str, Any] | None = None, sudo: Any = None) -> str:
        """GET for py-gitea's own methods, as text."""
        return self._endpoint("GET", endpoint, params=params, sudo=sudo).body.decode(errors="replace")

    def requests_get_paginated(
        self,
        endpoint: str,
        params: Mapping[str, Any] | None = None,
        sudo: Any = None,
        page_key: str = "page",  # noqa: ARG002 -- py-gitea's signature; the key is always "page"
        page_limit: int = 0,  # noqa: ARG002 -- py-gitea's signature; lists are bounded anyway
    ) -> list[Any]:
        """GET all pages for py-gitea's own methods, bounded."""
        as_user = getattr(sudo, "username", None)
        return list(self._list(_as_is, *_segments(endpoint), params=params, as_user=as_user))

    def requests_put(self, endpoint: str, data: Any = None) -> None:
        """PUT for py-gitea's own methods."""
        self._endpoint("PUT", endpoint, data=data or {})

    def requests_delete(self, endpoint: str, data: Any = None) -> None:
        """DELETE for py-gitea's own methods."""
        self._endpoint("DELETE", endpoint, data=data or None)

    def requests_post(self, endpoint: str, data: Any = None) -> Any:
        """POST for py-gitea's own methods."""
        return _decoded(self._endpoint("POST", endpoint, data=data or {}))

    def requests_patch(self, endpoint: str, data: Any = None) -> Any:
        """PATCH for py-gitea's own methods."""
        return _decoded(self._endpoint("PATCH", endpoint, data=data or {}))

    def _endpoint(
        self, method: str, endpoint: str, *, params: Mapping[str, Any] | None = None, data: Any = None, sudo: Any = None
    ) -> Answer:
        as_user = getattr(sudo, "username", None)
        ok = (200, 201, 202, 204)
        return self._call(method, *_segments(endpoint), params=params, json=data, ok=ok, as_user=as_user)


def _segments(endpoint: str) -> list[str]:
    return endpoint.strip("/").split("/")


def _decoded(answer: Answer) -> Any:
    return answer.json() if answer.body.strip() else {}


def _as_is(item: Any) -> Any:
    return item
