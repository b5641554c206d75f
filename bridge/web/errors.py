"""Exceptions become HTTP here, once. Every error body is too long to be taken for a version by Dolibarr."""

import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from bridge.errors import UnavailableError

log = logging.getLogger(__name__)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{sentence}</p></main></body></html>
"""
# Absent, private and never served look the same, down to the byte.
_SENTENCES = {
    404: ("Nothing here", "There is no such update feed or file at this address."),
    405: ("Not that way", "This address does not answer requests of this kind."),
    413: ("Too much", "The request is larger than this address accepts."),
}
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def register(app: Flask) -> None:
    """Attach the handlers and the headers that every answer has."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        title, sentence = _SENTENCES.get(status, (error.name, "The request could not be answered as it was sent."))
        response = _page(status, title, sentence)
        for name, value in error.get_headers():
            if name in {"Allow", "Content-Range", "Retry-After"}:
                response.headers[name] = value
        return response

    @app.errorhandler(UnavailableError)
    def unavailable(error: UnavailableError) -> Response:
        log.warning("%s was not answered: %s", _asked(), error)
        response = _page(503, "In a moment", "This can't be answered right now. Please try again in a minute.")
        response.headers["Retry-After"] = "60"
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected error at %s", _asked(), exc_info=error)
        return _page(500, "Something went wrong", "The fault is ours and has been noted. Please try again later.")

    @app.after_request
    def headers(response: Response) -> Response:
        given = response.headers
        if "X-Content-Type-Options" not in given:
            given["X-Content-Type-Options"] = "nosniff"
            given["Referrer-Policy"] = "no-referrer"
            given["Content-Security-Policy"] = CSP
        return response


def _asked() -> str:
    """The kind of address and the product, for the log: the text of an address may hold a key or a feed token."""
    if request.url_rule is None:
        return "an address that does not exist"
    names = [ascii(value) for name, value in (request.view_args or {}).items() if name in {"owner", "repo"}]
    return " ".join((request.url_rule.rule, *names))


def _page(status: int, title: str, sentence: str) -> Response:
    if "text/html" in request.headers.get("Accept", ""):
        return Response(_PAGE.format(title=title, sentence=sentence), status, content_type="text/html; charset=utf-8")
    return Response(f"{title}: {sentence}\n", status, content_type="text/plain; charset=utf-8")
