"""Signing in through Gitea: OpenID Connect with a code, PKCE, state and nonce. Gitea says who somebody is, once.

The access token is read with and dropped: from then on the bridge asks with its own token, in the person's stead.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from bridge.errors import UnavailableError
from bridge.services.people_errors import UnprovenError
from gitea_client.client import GiteaClient
from gitea_client.errors import GiteaError, Invalid, NotAllowed, NotAuthenticated, NotFound
from gitea_client.openid import OpenIdConfiguration

# Explicit, and known to every Gitea since 1.23: with none of the API's, or with a misspelt one, it would grant all.
SCOPES = "openid profile read:user"
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256"})
_KNOWN_FOR = timedelta(minutes=10)
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the browser keeps while its person is at Gitea; what comes back must fit."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who it is, and how they like to see things."""

    id: int
    login: str
    full_name: str
    theme: str
    language: str


class SignIn:
    """Asks Gitea who sits at a browser. One for each process; safe to share among threads."""

    def __init__(
        self,
        gitea: GiteaClient,
        client: tuple[str, str],
        redirect_uri: str,
        clock: Callable[[], datetime],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._gitea = gitea
        self._client_id, self._client_secret = client
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._entropy = entropy
        self._configuration: tuple[datetime, OpenIdConfiguration] | None = None
        self._keys: Mapping[str, Any] | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether the bridge is registered with Gitea at all."""
        return bool(self._client_id and self._client_secret)

    def begin(self) -> tuple[str, Attempt]:
        """Where to send the browser, and what it has to bring back. Raises ``UnavailableError``."""
        attempt = Attempt(self._random(), self._random(), self._random())
        address = prepare_grant_uri(
            self._gitea.public_link(*self._discovered().authorize),
            self._client_id,
            "code",
            redirect_uri=self._redirect_uri,
            scope=SCOPES,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return str(address), attempt

    def finish(self, attempt: Attempt, code: str) -> SignedIn:
        """Who came back with a code. Raises ``UnprovenError`` for anybody who can't prove it, ``UnavailableError``."""
        fields = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "redirect_uri": self._redirect_uri,
            "code": code,
            "code_verifier": attempt.verifier,
        }
        try:
            tokens = self._gitea.exchange_code(self._discovered(), fields)
            subject = self._subject(tokens.id_token, tokens.access_token, attempt.nonce)
            theirs = self._gitea.with_token(tokens.access_token)
            me, chosen = theirs.me(), theirs.my_settings()
        except (Invalid, NotAuthenticated, NotAllowed) as error:
            raise UnprovenError(f"Gitea did not accept the sign-in ({error.message})") from None
        except GiteaError as error:
            raise UnavailableError(f"Gitea can't be asked who that is: {error}") from error
        if str(me.id) != subject:
            raise UnprovenError("Gitea named two people in one sign-in")
        if not me.active or me.prohibit_login:
            raise UnprovenError("the account may not sign in")
        return SignedIn(me.id, me.login, me.full_name, chosen.theme, chosen.language)

    def _discovered(self) -> OpenIdConfiguration:
        now = self._clock()
        if self._configuration is not None and timedelta(0) <= now - self._configuration[0] < _KNOWN_FOR:
            return self._configuration[1]
        try:
            found = self._gitea.openid_configuration()
        except NotFound:
            raise UnavailableError("Gitea signs nobody in: its [oauth2] ENABLED is off") from None
        except GiteaError as error:
            raise UnavailableError(f"Gitea does not say how to sign in: {error}") from error
        self._configuration = (now, found)
        return found

    def _subject(self, id_token: str, access_token: str, nonce: str) -> str:
        """Whose ID token it is, if it is Gitea's, for us, of this attempt, and fresh."""
        configuration = self._discovered()
        allowed = [name for name in configuration.algorithms if name in _ALGORITHMS]
        try:
            token = jwt.decode(id_token, self._key(_header(id_token), allowed), algorithms=allowed)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": configuration.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": access_token},
            )
            claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise UnprovenError(f"Gitea's proof of who that is does not hold ({error})") from None
        return str(token.claims["sub"])

    def _key(self, header: Mapping[str, Any], allowed: list[str]) -> Any:
        """The key that the token names. Keys change when an admin says so: an unknown one is looked for once more."""
        if header.get("alg") not in allowed:
            raise ValueError("an algorithm that Gitea does not name")
        if header.get("alg") == "HS256":
            return OctKey.import_key(self._client_secret)
        for fetched in (self._keys, None):
            keys = fetched if fetched is not None else self._gitea.openid_keys(self._discovered())
            self._keys = keys
            if any(each.get("kid") == header.get("kid") for each in keys.get("keys", [])):
                break
        return KeySet.import_key_set(dict(self._keys or {}))  # type: ignore[arg-type]  # checked by the import

    def _random(self) -> str:
        return base64.urlsafe_b64encode(self._entropy(32)).decode().rstrip("=")


def _header(token: str) -> Mapping[str, Any]:
    first = token.partition(".")[0]
    found = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    if not isinstance(found, dict):
        raise TypeError("no header")
    return found
