"""One line a request, for operators: what was asked by rule, never by address, and what came of it.

An address may hold a key or a feed token and its query a mail address, so none of it is written: the line names the
rule of the address, the repo only once it was found to be one, the key by its number. Every request has an id, which
stands in its answer, in each line that is logged meanwhile, and in what Gitea is asked for it.
"""

import logging
import re
import time
from dataclasses import dataclass

from flask import Flask, Response

from bridge.settings.logs import Facts, request_id
from bridge.web import reading
from bridge.web.doors import Doors
from bridge.web.requests import SiteRequest

log = logging.getLogger("bridge.requests")

HEADER = "X-Request-ID"
# Hexadecimal with dashes is what proxies make. Anything wider could be a license key that somebody sends here.
_WELL_FORMED = re.compile(r"[0-9A-Fa-f-]{8,64}", re.ASCII)
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class RequestLine(Facts):
    """What is told of a request. Empty, zero and ``None``: does not apply, or is not known here."""

    method: str
    route: str
    repo: str
    status: int
    code: str
    ms: float
    bytes: int | None
    key_id: int

    def fields(self) -> dict[str, object]:
        """The same by name."""
        line: dict[str, object] = {"method": self.method, "route": self.route, "status": self.status, "ms": self.ms}
        if self.repo:
            line["repo"] = self.repo
        if self.code:
            line["code"] = self.code
        if self.bytes is not None:
            line["bytes"] = self.bytes
        if self.key_id:
            line["key_id"] = self.key_id
        return line

    def __str__(self) -> str:
        size = "-" if self.bytes is None else self.bytes
        key = f" key {self.key_id}" if self.key_id else ""
        told = f"{self.method} {self.route} {self.repo or '-'} {self.status} {self.code or '-'}"
        return f"{told} {self.ms} ms {size} bytes{key}"


def register(app: Flask, doors: Doors) -> None:
    """Attach the id and the line. To be called before other parts that change answers, so that it comes after them."""
    settings = doors.settings.log
    every, slow_seconds = settings.requests == "all", settings.slow_seconds
    silent = settings.requests == "none"
    believed = doors.settings.web.trusted_proxies > 0

    @app.before_request
    def begin() -> None:
        stated = reading.current().environ.get("HTTP_X_REQUEST_ID", "") if believed else ""
        request_id.set(stated if _WELL_FORMED.fullmatch(stated) else doors.entropy(_ID_BYTES).hex())

    @app.after_request
    def end(response: Response) -> Response:
        request = reading.current()
        response.headers[HEADER] = request_id.get()
        seconds = time.perf_counter() - request.began
        if request.kind:
            doors.usage.took(request.kind, seconds, doors.clock().date())
        slow = seconds >= slow_seconds
        level = logging.WARNING if slow else logging.INFO
        if (every or (slow and not silent)) and log.isEnabledFor(level):
            log.log(level, _line(request, response, seconds))
        return response

    @app.teardown_request
    def over(_error: BaseException | None) -> None:
        request_id.set("")


def _line(request: SiteRequest, response: Response, seconds: float) -> RequestLine:
    return RequestLine(
        method=request.method if request.method in _METHODS else "OTHER",
        route=request.url_rule.rule if request.url_rule is not None else "-",
        repo=request.place,
        status=response.status_code,
        code=request.code,
        ms=round(seconds * 1000, 2),
        bytes=0 if request.method == "HEAD" else response.content_length,
        key_id=request.key_id,
    )


# A method is any word that a client makes up.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
