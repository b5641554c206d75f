"""What signing in needs of a pretend Gitea: apps, consents, codes, browsers that are signed in, a key."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from joserfc.jwk import RSAKey

from gitea_client.simulator.state import State

SCOPES = frozenset(
    f"{level}:{category}"
    for level in ("read", "write")
    for category in (
        *("activitypub", "admin", "issue", "misc", "notification", "organization", "package", "repository", "user"),
    )
) | {"all", "public-only"}


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An app that people can sign in to."""

    id: int
    name: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    owner_id: int
    confidential: bool
    skip_consent: bool


@dataclass(frozen=True, slots=True)
class Code:
    """What a browser brings back from the sign-in, good once."""

    client_id: str
    person_id: int
    redirect_uri: str
    nonce: str
    challenge: str


class SignInScripts(State):
    """The part of ``World`` about signing in. ``id_token_overrides``: claims that are told wrongly on purpose."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.oauth_apps: dict[str, OAuthApp] = {}
        self.grants: dict[tuple[str, int], str] = {}
        self.codes: dict[str, Code] = {}
        self.browser_sessions: dict[str, int] = {}
        self.id_token_overrides: dict[str, Any] = {}

    @cached_property
    def signing_key(self) -> RSAKey:
        """Made when somebody first signs in."""
        return RSAKey.generate_key(2048, auto_kid=False)

    def add_oauth_app(
        self,
        name: str,
        redirect_uris: Sequence[str],
        *,
        owner_id: int = 1,
        confidential: bool = True,
        skip_consent: bool = False,
        client_id: str = "",
        client_secret: str = "",
    ) -> OAuthApp:
        """Register an app."""
        with self.lock:
            app = OAuthApp(
                self.next_id("oauth app"),
                name,
                client_id or str(uuid.uuid4()),
                client_secret or f"gto_{secrets.token_hex(26)}",
                list(redirect_uris),
                owner_id,
                confidential,
                skip_consent,
            )
            self.oauth_apps[app.client_id] = app
            return app
