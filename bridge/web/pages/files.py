"""The styles, the script and the icons of the pages: a closed list, each under the digest of what is in it."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_file

ADDRESS = "/-/licensing/assets"
_STATIC = Path(__file__).parent.parent / "static"
_TYPES = {
    "pages.css": "text/css",
    "colours.css": "text/css",
    "pages.js": "text/javascript",
    "octicons.svg": "image/svg+xml",
}
_FOREVER_SECONDS, _MOMENT_SECONDS = 31_536_000, 300


@cache
def digest(name: str) -> str:
    """What makes an address of a file a new one when the file is another."""
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def address(prefix: str, name: str) -> str:
    """Where a page finds a file."""
    return f"{prefix}{ADDRESS}/{name}?v={digest(name)}"


def register(site: Blueprint) -> None:
    """Serve them, to everybody."""

    @site.get(f"{ADDRESS}/<file>")
    def asset(file: str) -> Response:
        if file not in _TYPES:
            abort(404)
        named = request.args.get("v") == digest(file)
        response = send_file(_STATIC / file, mimetype=_TYPES[file])
        seconds = _FOREVER_SECONDS if named else _MOMENT_SECONDS
        response.headers["Cache-Control"] = f"public, max-age={seconds}" + (", immutable" if named else "")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
