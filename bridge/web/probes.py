"""What a doctor with a ticket is told: how its request looked when it came through the proxy.

It stands before all doors, so that it answers at each of them; without a good ticket it is not there at all.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from werkzeug.wrappers import Response

from bridge.services.doctor import tickets
from bridge.web.doors import Doors
from bridge.web.feeds import XML

_HEADER = "HTTP_" + tickets.HEADER.upper().replace("-", "_")
# Large enough to be worth compressing, and more than a proxy keeps in memory before it begins to send.
_FEED_BYTES = 8_192
_FIRST_BYTES = 1 << 20
_PAUSE_SECONDS = 1.5
_TOLD = ("HTTP_HOST", "HTTP_SUDO", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_ACCEPT_ENCODING")
_TOLD_BEGINNINGS = ("HTTP_X_FORWARDED_", "HTTP_X_WEBAUTH_")

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Probes:
    """The application, and before it the answers to doctors."""

    def __init__(self, app: Wsgi, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a doctor; hand everybody else on."""
        if _HEADER not in environ:
            return self._app(environ, start_response)
        ticket, _, kind = environ[_HEADER].partition(";")
        answer = _ANSWERS.get(kind)
        if answer is None or not tickets.is_good(self._doors.open_session, ticket, self._doors.clock()):
            return self._app(environ, start_response)
        response = answer(self._doors, environ, ticket)
        response.headers["Cache-Control"] = "private, no-store, no-transform"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response(environ, start_response)


def _echo(doors: Doors, environ: dict[str, Any], ticket: str) -> Response:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").title(): str(value)
        for name, value in environ.items()
        if name in _TOLD or name.startswith(_TOLD_BEGINNINGS)
    }
    told = {
        "method": environ["REQUEST_METHOD"],
        "target": environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"],
        "headers": headers,
        "remote": environ.get("REMOTE_ADDR", ""),
        "now": doors.clock().isoformat(),
        "fingerprint": tickets.fingerprint(doors.settings, ticket),
    }
    return Response(json.dumps(told), content_type="application/json")


def _feed(_doors: Doors, _environ: dict[str, Any], _ticket: str) -> Response:
    """As a feed for a key is answered, and another one each time."""
    mark = secrets.token_hex(16)
    return Response(f"<updates><!-- {mark} {'. ' * (_FEED_BYTES // 2)}--></updates>", content_type=XML)


def _file(_doors: Doors, _environ: dict[str, Any], _ticket: str) -> Response:
    """As a large file is answered, with a long breath in its middle."""

    def pieces() -> Iterator[bytes]:
        yield bytes(_FIRST_BYTES)
        time.sleep(_PAUSE_SECONDS)
        yield bytes(_FIRST_BYTES)

    response = Response(pieces(), content_type="application/zip")
    response.headers["Content-Length"] = str(2 * _FIRST_BYTES)
    return response


_ANSWERS: dict[str, Callable[[Doors, dict[str, Any], str], Response]] = {"echo": _echo, "feed": _feed, "file": _file}
