"""What keeps others from acting through a person's browser: tokens, where forms come from, what browsers are told.

One origin with Gitea means one trust: a script that got into a page here could do in Gitea whatever its reader may.
"""

import hashlib
from urllib.parse import urlsplit

from flask import Flask, Request, Response, session
from flask.sessions import SecureCookieSession, SessionInterface
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

FIELD = "csrf_token"


class _OfOneRequest(SessionInterface):
    """Flask's session, for what flask-wtf keeps in one: it lasts a request, and nothing of it is sent to a browser."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:  # noqa: ARG002  Flask's signature
        """An empty one."""
        return SecureCookieSession()

    def save_session(self, app: Flask, session: object, response: Response) -> None:
        """Not kept: ours is a row of the database."""


def register(app: Flask) -> None:
    """Let flask-wtf work without cookies of its own."""
    app.session_interface = _OfOneRequest()


def bind(cookie: str) -> None:
    """Tie the request's tokens to the session of this cookie. They tell nothing about it, and end with it."""
    session[FIELD] = hashlib.sha256(f"form {cookie}".encode()).hexdigest()


def token(cookie: str) -> str:
    """The token for the forms of a page."""
    return str(generate_csrf(_key(cookie)))


def has_token(request: Request, cookie: str) -> bool:
    """Whether a form carries a token of this session."""
    try:
        # None would be an hour; a session says itself how long it lasts.
        validate_csrf(request.form.get(FIELD, ""), _key(cookie), time_limit=7 * 86_400)
    except ValidationError:
        return False
    return True


def is_from_here(request: Request, public_url: str, *, nameless: bool = False) -> bool:
    """Whether a form was sent by a page of this very origin, as far as the browser says; every current one does.

    ``nameless``: the page tells nobody its address, so that browsers call the origin of its forms null. Of those that
    say no more than that, the form's token has to do.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("Origin")
    public = urlsplit(public_url)
    if nameless and origin == "null":
        return True
    return origin is None or origin.lower() == f"{public.scheme}://{public.netloc}".lower()


def seal(response: Response, gitea_origin: str) -> Response:
    """Tell the browser what the page may do, unless the view did. ``gitea_origin``: where it is another than ours."""
    also = f" {gitea_origin}" if gitea_origin else ""
    headers = response.headers
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
        f"img-src 'self'{also}; form-action 'self'{also}; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    headers.setdefault("Content-Security-Policy", policy)
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"
    # Not "no-referrer": with that, browsers would call the origin of our own forms null.
    headers["Referrer-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "private, no-store")
    return response


def _key(cookie: str) -> str:
    return hashlib.sha256(f"token {cookie}".encode()).hexdigest()
