"""The two cookies of the pages: who signed in, and where somebody is on the way there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from flask import Response
from itsdangerous import BadData, URLSafeTimedSerializer

from bridge.rules.person_sessions import is_own_path
from bridge.services.sign_in import Attempt

_ATTEMPT_SECONDS = 600
_MOST_ATTEMPTS = 5  # tabs; the proxies of deploy/ let through so many and the session's


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A sign-in under way in one tab, and where its person wanted to go."""

    attempt: Attempt
    to: str


class Cookies:
    """Names and attributes of the cookies. ``__Host-`` ties one to this very host; browsers do so with https only."""

    def __init__(self, public_url: str, secret: str) -> None:
        self._secure = urlsplit(public_url).scheme == "https"
        self._prefix = "__Host-licensing" if self._secure else "licensing"
        self._signed = URLSafeTimedSerializer(secret or "nobody can sign in", salt="licensing sign-in")

    @property
    def session_name(self) -> str:
        """The cookie of who signed in."""
        return self._prefix

    def session_of(self, cookies: Mapping[str, str]) -> str:
        """What it holds; empty without one."""
        return cookies.get(self._prefix, "")

    def keep_session(self, response: Response, text: str) -> None:
        """Let the browser hold it until it is closed."""
        self._set(response, self._prefix, text, None)

    def drop_session(self, response: Response) -> None:
        """Take it away."""
        self._set(response, self._prefix, "", 0)

    def keep_attempt(self, response: Response, cookies: Mapping[str, str], way: OnTheWay) -> None:
        """Remember a sign-in under way: one for each tab, and not too many."""
        names = [name for name in cookies if name.startswith(f"{self._prefix}-go-")]
        for name in names if len(names) >= _MOST_ATTEMPTS else ():
            self._set(response, name, "", 0)
        text = self._signed.dumps({**asdict(way.attempt), "to": way.to})
        self._set(response, self._name(way.attempt.state), str(text), _ATTEMPT_SECONDS)

    def attempt_of(self, cookies: Mapping[str, str], state: str) -> OnTheWay | None:
        """The sign-in that an answer of Gitea belongs to, if it was begun in this browser, lately."""
        try:
            kept = self._signed.loads(cookies.get(self._name(state), ""), max_age=_ATTEMPT_SECONDS)
        except BadData:
            return None
        attempt = Attempt(kept["state"], kept["nonce"], kept["verifier"])
        return OnTheWay(attempt, kept["to"]) if attempt.state == state and is_own_path(kept["to"]) else None

    def drop_attempt(self, response: Response, state: str) -> None:
        """It is over, one way or the other."""
        self._set(response, self._name(state), "", 0)

    def _name(self, state: str) -> str:
        return f"{self._prefix}-go-{state[:12]}"

    def _set(self, response: Response, name: str, text: str, seconds: int | None) -> None:
        response.set_cookie(name, text, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="Lax")
