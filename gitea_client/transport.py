"""One request to Gitea and what may become of it: an answer that was asked for, or a typed error.

Redirects are never followed, bodies are capped, only repeatable requests are repeated, nothing in the environment
(``.netrc``, proxy variables) and no cookie changes what is sent, and the token leaves only in a header to Gitea itself.
"""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter

from gitea_client.addresses import quoted_path, redirect_path
from gitea_client.answers import MAX_BODY_BYTES, Answer, message_of
from gitea_client.budget import CircuitBreaker, Clock, Sleep
from gitea_client.errors import BadAnswer, GiteaError, Moved, Unreachable, error_for

API = ("api", "v1")
USER_AGENT = "gitea-license-bridge"
RETRIES = 2
MAX_RETRY_AFTER_SECONDS = 5.0
BODY_SECONDS = 60.0
_BACKOFF_SECONDS = 0.25
_CHUNK_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOVED = frozenset({301, 307, 308})
_RETRYABLE = frozenset({429, 502, 503, 504})


class Token:
    """A secret that shows itself to nobody by accident. None or empty stands for asking anonymously."""

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        text = text or ""
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("a token holds printable ASCII only")
        self._text = text

    def __repr__(self) -> str:
        return "Token(***)" if self._text else "Token(none)"

    @property
    def header(self) -> dict[str, str]:
        """The Authorization header, empty when there is no token."""
        return {"Authorization": f"token {self._text}"} if self._text else {}

    def hidden_in(self, text: str) -> str:
        """Return the text with the token blotted out."""
        return text.replace(self._text, "***") if self._text else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask. ``path`` holds raw segments from the root; ``ok`` the statuses that count as an answer.

    A body is ``json`` or the fields of a ``form``.
    """

    method: str
    path: Sequence[str]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    ok: Collection[int] = (200,)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The quoted path, also used in errors."""
        return quoted_path(self.path)

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no more than asking once."""
        return self.method not in {"POST", "PATCH"}


class Transport:
    """Sends requests to one Gitea. Safe to share among threads: each gets a session of its own."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout: tuple[float, float],
        verify: bool | str = True,
        before_request: Callable[[], None] | None = None,
        request_id: Callable[[], str] = str,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.base_url = base_url
        self._request_id = request_id
        self.breaker = CircuitBreaker(clock=clock)
        self._timeout = timeout
        self._verify = verify
        self._before_request = before_request or (lambda: None)
        self._clock = clock
        self._sleep = sleep
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            sessions, self._sessions = list(self._sessions), weakref.WeakSet()
        self._local = threading.local()
        for session in sessions:
            session.close()

    def ask(self, request: Request, token: Token) -> Answer:
        """Return the whole answer, or raise one of ``errors``."""
        for attempt in range(RETRIES + 1):
            try:
                with self.opened(request, token) as response:
                    return Answer(response.status_code, dict(response.headers), self._body(response))
            except Unreachable as error:
                if attempt == RETRIES or not self._worth_repeating(request, error):
                    raise error.at(request.method, request.address) from None
                self._sleep(_pause(attempt, error))
            except GiteaError as error:
                raise error.at(request.method, request.address) from None
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def opened(self, request: Request, token: Token) -> Iterator[requests.Response]:
        """Ask once and lend the response with its body unread; statuses outside ``ok`` are raised.

        The circuit breaker learns from the status alone, so that a long download holds nobody else up.
        """
        url = self.base_url + request.address
        with self.breaker.attempt():
            self._before_request()
            response = self._send(url, request, token)
            try:
                if response.status_code not in request.ok:
                    self._refuse(request, response, token)
            except BaseException:
                response.close()
                raise
        try:
            yield response
        finally:
            response.close()

    @contextmanager
    def opened_elsewhere(self, url: str, request: Request) -> Iterator[requests.Response]:
        """Follow Gitea to a whole address, its object storage: one hop, in a session that has never seen a token."""
        where = {"method": request.method, "path": request.address}
        with new_session() as session:
            with wire_errors():
                response = session.request(
                    request.method,
                    url,
                    headers=dict(request.headers),
                    timeout=self._timeout,
                    verify=self._verify,
                    allow_redirects=False,
                    stream=True,
                )
            with response:
                if response.status_code != HTTPStatus.OK:
                    raise BadAnswer("its object storage does not give the file", status=response.status_code, **where)
                yield response

    def _send(self, url: str, request: Request, token: Token) -> requests.Response:
        request_id = self._request_id()
        traced = {"X-Request-ID": request_id} if request_id else {}
        with wire_errors():
            return self._session().request(
                request.method,
                url,
                params=request.params,
                json=request.json,
                data=request.form,
                headers={**traced, **token.header, **request.headers},
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = new_session()
            self._local.session = session
            with self._lock:
                self._sessions.add(session)
        return session

    def _refuse(self, request: Request, response: requests.Response, token: Token) -> NoReturn:
        status, where = response.status_code, {"method": request.method, "path": request.address}
        if status in _REDIRECTS:
            path = redirect_path(response.headers.get("Location", ""), self.base_url)
            if path is None or status not in _MOVED:
                raise BadAnswer("an unexpected redirect; is the address of Gitea right?", status=status, **where)
            raise Moved(path, status=status, **where)
        message = token.hidden_in(message_of(response.headers.get("Content-Type", ""), self._body(response)))
        error = error_for(status, message, **where)
        if isinstance(error, Unreachable):
            error.retry_after_seconds = _retry_after(response.headers.get("Retry-After", ""))
        raise error

    def _body(self, response: requests.Response) -> bytes:
        deadline = self._clock() + BODY_SECONDS
        body = bytearray()
        for chunk in chunks_of(response):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadAnswer(f"a body of more than {MAX_BODY_BYTES} bytes", status=response.status_code)
            if self._clock() > deadline:
                raise Unreachable("the body came too slowly", status=response.status_code)
        return bytes(body)

    def _worth_repeating(self, request: Request, error: Unreachable) -> bool:
        refused_or_busy = error.connection_failed or error.status in _RETRYABLE
        return request.repeatable and refused_or_busy and not self.breaker.is_open


def new_session() -> requests.Session:
    """Return a session that sends what it is told and nothing else."""
    session = requests.Session()
    session.trust_env = False
    # A page of Gitea sets a session cookie for whoever comes with a token; sent along later, it would sign in a request
    # that is meant to be anonymous.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=2, max_retries=0))
    return session


def chunks_of(response: requests.Response) -> Iterator[bytes]:
    """Read the body piece by piece; what goes wrong on the wire is a ``GiteaError``."""
    with wire_errors():
        yield from response.iter_content(_CHUNK_BYTES)


@contextmanager
def wire_errors() -> Iterator[None]:
    """Translate the errors of requests; their own sentences hold whole addresses, so only the kind is told on."""
    try:
        yield
    except requests.exceptions.ContentDecodingError:
        raise BadAnswer("the body is not encoded as it says") from None
    except requests.exceptions.Timeout as error:
        raise _unreachable("no answer in time", failed=isinstance(error, requests.exceptions.ConnectTimeout)) from None
    except requests.exceptions.SSLError:
        raise _unreachable("its certificate is not trusted", failed=False) from None
    except requests.exceptions.RequestException:
        raise _unreachable("no connection", failed=True) from None


def _unreachable(message: str, *, failed: bool) -> Unreachable:
    error = Unreachable(message)
    error.connection_failed = failed
    return error


def _retry_after(header: str) -> float | None:
    return min(float(header), MAX_RETRY_AFTER_SECONDS) if header.isascii() and header.isdigit() else None


def _pause(attempt: int, error: Unreachable) -> float:
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    spread = random.uniform(0.5, 1.5)  # noqa: S311 -- spreads load, guards nothing
    return _BACKOFF_SECONDS * float(2**attempt) * spread
