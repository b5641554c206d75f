"""Signing people in through Gitea (OpenID Connect): where its pages are, its keys, and a code for a token.

What it means is for the caller to check: this only asks. Gitea builds the addresses of its discovery from its own
``ROOT_URL``; here they are taken as paths, below ``base_url`` for us and below ``public_url`` for browsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from gitea_client.answers import Answer
from gitea_client.calls import ANONYMOUS, Caller
from gitea_client.errors import BadAnswer, Invalid
from gitea_client.shapes import list_of, object_of, text
from gitea_client.transport import Request

_MOUNT = "/login/oauth/"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdConfiguration:
    """What Gitea says of itself as an identity provider. Paths are raw segments below its address."""

    issuer: str
    authorize: tuple[str, ...]
    token: tuple[str, ...]
    keys: tuple[str, ...]
    algorithms: tuple[str, ...]

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read ``/.well-known/openid-configuration``. The issuer's trailing slash depends on the version and counts."""
        data = object_of(data, "the OpenID configuration")
        return cls(
            issuer=text(data, "issuer"),
            authorize=_path(text(data, "authorization_endpoint")),
            token=_path(text(data, "token_endpoint")),
            keys=_path(text(data, "jwks_uri")),
            algorithms=tuple(str(each) for each in list_of(data.get("id_token_signing_alg_values_supported"), "names")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a code is changed for. Neither is shown by accident."""

    access_token: str
    id_token: str

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read the answer of the token's address."""
        data = object_of(data, "tokens")
        return cls(access_token=text(data, "access_token"), id_token=text(data, "id_token"))

    def __repr__(self) -> str:
        return "Tokens(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSettings:
    """What a person chose for looking at Gitea; empty: the instance's own."""

    theme: str
    language: str

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read ``/user/settings``."""
        data = object_of(data, "settings")
        return cls(theme=text(data, "theme", ""), language=text(data, "language", ""))


class OpenIdCalls(Caller):
    """The part of ``GiteaClient`` that signs people in."""

    def openid_configuration(self) -> OpenIdConfiguration:
        """Where things are; ``NotFound`` where ``[oauth2] ENABLED`` is off."""
        return OpenIdConfiguration.from_json(self._ask_anonymously(".well-known", "openid-configuration").json())

    def openid_keys(self, configuration: OpenIdConfiguration) -> Mapping[str, Any]:
        """The keys that its tokens are signed with, as a JSON Web Key Set."""
        return object_of(self._ask_anonymously(*configuration.keys).json(), "keys")

    def exchange_code(self, configuration: OpenIdConfiguration, fields: Mapping[str, str]) -> Tokens:
        """Change a code for tokens; ``Invalid`` where Gitea does not take it. ``fields`` hold the client's secret."""
        form = {"grant_type": "authorization_code", **fields}
        request = Request(
            method="POST",
            path=configuration.token,
            form=form,
            ok=(HTTPStatus.OK, HTTPStatus.BAD_REQUEST),
        )
        answer = self._transport.ask(request, ANONYMOUS)
        if answer.status == HTTPStatus.BAD_REQUEST:
            said = object_of(answer.json(), "an error").get("error")
            raise Invalid(said if isinstance(said, str) else "refused", status=answer.status).at(
                "POST", request.address
            )
        return Tokens.from_json(answer.json())

    def my_settings(self) -> PersonSettings:
        """How whoever's token this is looks at Gitea. Needs read:user."""
        return self._value(PersonSettings.from_json, "user", "settings")

    def page_for_all(self, *path: str, cookies: Mapping[str, str] | None = None) -> str:
        """A page of Gitea as a stranger gets it, for what its head says of styles."""
        headers = {"Accept": "text/html"}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        answer = self._transport.ask(Request(method="GET", path=path, headers=headers), ANONYMOUS)
        return answer.body.decode(errors="replace")

    def _ask_anonymously(self, *path: str) -> Answer:
        return self._transport.ask(Request(method="GET", path=path), ANONYMOUS)


def _path(address: str) -> tuple[str, ...]:
    """The raw segments below Gitea's address: ``ROOT_URL`` may have a path of its own, which is left out."""
    path = urlsplit(address).path
    at = path.find(_MOUNT)
    if at < 0 or "%" in path:
        raise BadAnswer("an address in the OpenID configuration that is none of Gitea's")
    return tuple(path[at + 1 :].split("/"))
