"""What signing in needs of a pretend Gitea: consents, codes, browsers that are signed in, a key."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from joserfc.jwk import RSAKey

from gitea_client.simulator.models import Application
from gitea_client.simulator.state import State

SCOPES = frozenset(
    f"{level}:{category}"
    for level in ("read", "write")
    for category in (
        *("activitypub", "admin", "issue", "misc", "notification", "organization", "package", "repository", "user"),
    )
) | {"all", "public-only"}


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
        self.grants: dict[tuple[str, int], str] = {}
        self.codes: dict[str, Code] = {}
        self.browser_sessions: dict[str, int] = {}
        self.id_token_overrides: dict[str, Any] = {}

    @cached_property
    def signing_key(self) -> RSAKey:
        """Made when somebody first signs in."""
        return RSAKey.generate_key(2048, auto_kid=False)

    def add_application(
        self,
        name: str,
        redirect_uris: Sequence[str],
        *,
        owner_id: int = 1,
        confidential: bool = True,
        skip_consent: bool = False,
        client_id: str = "",
        client_secret: str = "",
    ) -> Application:
        """Register an application that people can sign in to."""
        with self.lock:
            made = Application(
                id=self.next_id("application"),
                owner_id=owner_id,
                name=name,
                client_id=client_id or str(uuid.uuid4()),
                client_secret=client_secret or f"gto_{secrets.token_hex(26)}",
                redirect_uris=list(redirect_uris),
                confidential=confidential,
                skip_consent=skip_consent,
                created=self.now(),
            )
            self.applications[made.id] = made
            return made

    def application(self, client_id: str) -> Application | None:
        """The one of this client id."""
        return next((each for each in self.applications.values() if each.client_id == client_id), None)
