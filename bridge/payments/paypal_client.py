"""The way to PayPal's API: one account, short patience, plain JSON, the house's kinds of failure."""

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from bridge.payments.provider import Access, NoAccessError, NotTheirsError, ProviderAwayError, UnknownKeyError
from bridge.payments.told import Json, listed, text

HOSTS: Mapping[str, str] = {"live": "https://api-m.paypal.com", "test": "https://api-m.sandbox.paypal.com"}

_PATIENCE = (3.05, 8)
_MOST_PAGES = 1000
_TOKEN = "/v1/oauth2/token"  # noqa: S105  an address
# A token that ends on its way is no use.
_EARLY_SECONDS = 60.0
_UNAUTHORIZED, _FORBIDDEN, _MISSING, _BUSY, _REDIRECT, _BAD, _BROKEN = 401, 403, 404, 429, 300, 400, 500
_MOST_WAIT_SECONDS = 3600.0


class Tokens:
    """Tokens of accounts, kept in memory until shortly before they end. Safe to share among threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> str:
        """A token that works for a while; "" for none."""
        with self._lock:
            token, ends_at = self._kept.get(name, ("", 0.0))
        return token if time.monotonic() < ends_at else ""

    def keep(self, name: str, token: str, seconds: float) -> None:
        """Keep a token."""
        with self._lock:
            self._kept[name] = (token, time.monotonic() + max(0.0, seconds - _EARLY_SECONDS))

    def drop(self, name: str) -> None:
        """Forget one that was refused."""
        with self._lock:
            self._kept.pop(name, None)


class RefusedRequestError(NoAccessError):
    """PayPal refuses what was asked for; ``issue`` is its word for why."""

    def __init__(self, what: str, issue: str) -> None:
        super().__init__(f"PayPal refuses {what}{f': {issue}' if issue else ''}")
        self.issue = issue


class PayPalApi:
    """PayPal, asked with one account's credentials. For use by one call at a time.

    Raises ``NotTheirsError``, ``NoAccessError``, ``ProviderAwayError``; none of their messages holds a value that came.
    """

    def __init__(self, access: Access, tokens: Tokens, base_url: str = "") -> None:
        self._access = access
        self._tokens = tokens
        self._base_url = base_url or HOSTS[access.mode]

    def get(self, path: str, **params: Any) -> Json:
        """Read one thing."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: Any, once: str = "") -> Json:
        """Change something; with a name of ours once, however often it is sent. Bytes are sent as they are."""
        more: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        return self._ask("POST", path, headers=headers | ({"PayPal-Request-Id": once} if once else {}), **more)

    def delete(self, path: str) -> None:
        """Take something away."""
        self._ask("DELETE", path)

    def each(self, path: str, name: str, **params: Any) -> Iterator[Json]:
        """Read a list to its end: what is below ``name`` of each page. Only PayPal is asked for further ones."""
        page = self.get(path, **params)
        for _ in range(_MOST_PAGES):
            yield from listed(page.get(name))
            following = next((link for link in listed(page.get("links")) if link.get("rel") == "next"), None)
            if following is None:
                return
            parts = urlsplit(text(following.get("href")))
            if parts.path.rstrip("/") != path:
                return
            page = self.get(f"{path}?{parts.query}")

    def _ask(self, method: str, path: str, **more: Any) -> Json:
        what = f"{method} {_without_ids(path)}"
        answer = self._send(method, path, what, _Bearer(self._token()), **more)
        if answer.status_code == _UNAUTHORIZED:  # it was taken back, or ended early
            self._tokens.drop(self._name)
            answer = self._send(method, path, what, _Bearer(self._token()), **more)
        return _read(answer, what)

    def _token(self) -> str:
        kept = self._tokens.get(self._name)
        if kept:
            return kept
        what = f"POST {_TOKEN}"
        who = HTTPBasicAuth(self._access.client_id.encode(), self._access.api_key.encode())
        answer = self._send("POST", _TOKEN, what, who, data={"grant_type": "client_credentials"})
        told = _read(answer, what)
        token, seconds = told.get("access_token"), told.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise ProviderAwayError(f"PayPal answered without a token ({what})")
        self._tokens.keep(self._name, token, seconds)
        return token

    @property
    def _name(self) -> str:
        """Of the account, without its secret: another secret is another name."""
        digest = hashlib.sha256(f"{self._access.client_id}\0{self._access.api_key}".encode()).hexdigest()
        return f"{self._base_url} {digest}"

    def _send(self, method: str, path: str, what: str, who: AuthBase, **more: Any) -> requests.Response:
        try:
            return _http().request(
                method, self._base_url + path, auth=who, timeout=_PATIENCE, allow_redirects=False, **more
            )
        except (requests.RequestException, ValueError):
            raise ProviderAwayError(f"PayPal can't be reached ({what})") from None


_local = threading.local()


def _http() -> requests.Session:
    """Connections are kept, one set a thread; no cookies, since several accounts share them."""
    if not hasattr(_local, "http"):
        _local.http = requests.Session()
        _local.http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    found: requests.Session = _local.http
    return found


class _Bearer(AuthBase):
    """Set as the library wants it, or a .netrc on this machine would be sent instead."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read(answer: requests.Response, what: str) -> Json:
    """The answer, or what kind of failure it is."""
    status = answer.status_code
    if status == _UNAUTHORIZED:
        raise UnknownKeyError("PayPal does not know the client id and secret; take them anew, and connect again")
    if status == _FORBIDDEN:
        raise NoAccessError(f"the account's PayPal app may not do this: {what}")
    if status == _MISSING:
        raise NotTheirsError(f"PayPal has no such object in this account ({what})")
    if status == _BUSY:
        raise ProviderAwayError(f"PayPal asks for patience ({what})", _wait(answer))
    if status >= _BROKEN or _REDIRECT <= status < _BAD:
        raise ProviderAwayError(f"PayPal answered with an error {status} ({what})")
    found: Any = {}
    try:
        found = answer.json() if answer.content else {}
    except ValueError:
        if status < _BAD:
            raise ProviderAwayError(f"PayPal answered with something else than JSON ({what})") from None
    if status >= _BAD:
        raise _refusal(found, what)
    if not isinstance(found, dict):
        raise ProviderAwayError(f"PayPal answered with something else than an object ({what})")
    return found


def _refusal(found: Any, what: str) -> Exception:
    details = listed(found.get("details")) if isinstance(found, dict) else []
    issue = next((text(each.get("issue")) for each in details), "")
    issue = issue or (text(found.get("name")) if isinstance(found, dict) else "")
    known = issue.replace("_", "").isalnum() and issue.isascii() and len(issue) <= 80  # noqa: PLR2004  a word of theirs
    if known and issue in {"INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND"}:
        return NotTheirsError(f"PayPal has no such object in this account ({what})")
    return RefusedRequestError(what, issue if known else "")


def _wait(answer: requests.Response) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return min(float(told), _MOST_WAIT_SECONDS) if told.isascii() and told.isdigit() else None


def _without_ids(path: str) -> str:
    """The kind of address; ids stay out of messages, since some open doors."""
    parts = path.partition("?")[0].split("/")
    return "/".join("…" if len(part) > 2 and any(sign.isdigit() for sign in part) else part for part in parts)  # noqa: PLR2004  v1, v2


def written(moment: datetime) -> str:
    """A moment as PayPal takes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
