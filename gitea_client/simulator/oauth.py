"""Signing in, as the pretend Gitea does it: apps, the question who you are, consent, codes, tokens, keys.

Nobody has a password unless a test gave them one, so whoever comes says who they are. The protocol is Gitea's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request
from joserfc import jwt

from gitea_client.simulator import userinfo
from gitea_client.simulator.auth import body, me, needs, world
from gitea_client.simulator.errors import Refusal
from gitea_client.simulator.models import Account, Token
from gitea_client.simulator.oauth_models import SCOPES, Code, OAuthApp

api = Blueprint("oauth_apps", __name__, url_prefix="/api/v1")
pages = Blueprint("oauth", __name__)
COOKIE = "pretend_gitea"
_ID_TOKEN_SECONDS = 3600


@api.post("/user/applications/oauth2")
@needs("user")
def create_app() -> tuple[Response, int]:
    """Register an app; its secret is told this once."""
    data = body()
    app = world().add_oauth_app(
        str(data["name"]), [str(each) for each in data["redirect_uris"]], owner_id=me().id,
        confidential=bool(data.get("confidential_client", True)),
        skip_consent=bool(data.get("skip_secondary_authorization")),
    )  # fmt: skip
    return jsonify(_app_json(app) | {"client_secret": app.client_secret}), 201


@api.get("/user/applications/oauth2")
@needs("user")
def list_apps() -> Response:
    """The caller's apps, without their secrets."""
    found = [_app_json(app) for app in world().oauth_apps.values() if app.owner_id == me().id]
    return jsonify(found)


@api.get("/user/settings")
@needs("user")
def settings() -> Response:
    """How the person looks at Gitea."""
    person = me()
    return jsonify(
        {
            "full_name": person.full_name,
            "website": "",
            "description": "",
            "location": "",
            "language": person.language,
            "theme": person.theme,
            "diff_view_style": "",
            "hide_email": False,
            "hide_activity": False,
        }
    )


@pages.get("/.well-known/openid-configuration")
def discovery() -> Response:
    """Where everything is. Up to 1.24 the issuer ends with a slash."""
    base = world().public_url
    return jsonify(
        {
            "issuer": _issuer(),
            "authorization_endpoint": f"{base}/login/oauth/authorize",
            "token_endpoint": f"{base}/login/oauth/access_token",
            "jwks_uri": f"{base}/login/oauth/keys",
            "userinfo_endpoint": f"{base}/login/oauth/userinfo",
            "introspection_endpoint": f"{base}/login/oauth/introspect",
            "response_types_supported": ["code", "id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "profile", "email", "groups"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }
    )


@pages.get("/login/oauth/keys")
def keys() -> Response:
    """The public half of the key that signs."""
    public = world().signing_key.as_dict(private=False)
    return jsonify({"keys": [{**public, "alg": "RS256", "use": "sig", "kid": world().signing_key.thumbprint()}]})


@pages.get("/user/login")
def who_are_you() -> str:
    """The question that a real Gitea asks with a password."""
    people = [each for each in world().accounts.values() if not each.is_org]
    return render_template("login.html", people=people, to=request.args.get("redirect_to", "/"))


@pages.post("/user/login")
def sign_in() -> Any:
    """Believe it; where the person has a password, it must be right."""
    person = world().account(request.form.get("user_name", ""))
    right = person is not None and hmac.compare_digest(person.password, request.form.get("password", ""))
    if person is None or person.is_org or not right:
        return Response("Username or password is incorrect.\n", 200, mimetype="text/plain")
    if person.prohibit_login or not person.active:
        return Response(render_template("prohibited.html"), 200)
    to = request.form.get("redirect_to", "/")
    answer = redirect(to if to.startswith("/") and not to.startswith("//") else "/", 303)
    ticket = secrets.token_hex(16)
    world().browser_sessions[ticket] = person.id
    answer.set_cookie(COOKIE, ticket, httponly=True, samesite="Lax")
    return answer


@pages.get("/user/logout")
def sign_out() -> Any:
    """Forget the browser."""
    world().browser_sessions.pop(request.cookies.get(COOKIE, ""), None)
    return redirect("/", 303)


@pages.get("/login/oauth/authorize")
def authorize() -> Any:
    """Send the browser back with a code, after the questions that are still open: who, and whether the app may."""
    app, asked = _asked(request.args)
    person = signed_in()
    if person is None:
        return redirect(f"/user/login?redirect_to={quote(request.full_path, safe='')}", 303)
    if (app.client_id, person.id) in world().grants or app.skip_consent:
        return _granted(app, person, asked)
    return render_template("consent.html", app=app, person=person, asked=asked)


@pages.post("/login/oauth/grant")
def grant() -> Any:
    """The person says yes, once for all times."""
    app, asked = _asked(request.form)
    person = signed_in()
    if person is None or request.form.get("granted") != "true":
        back = {"error": "access_denied", "error_description": "the request is denied", "state": asked["state"]}
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}", 303)
    return _granted(app, person, asked)


@pages.post("/login/oauth/access_token")
def access_token() -> Any:
    """A code for tokens: once, by the same client, for the same address, with the verifier of its challenge."""
    form = request.form
    app = world().oauth_apps.get(form.get("client_id", ""))
    if app is None:
        return _no("invalid_client", "cannot load client with client id")
    if not hmac.compare_digest(app.client_secret, form.get("client_secret", "")):
        return _no("unauthorized_client", "invalid client secret")
    code = world().codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != app.client_id:
        return _no("unauthorized_client", "client is not authorized")
    if code.redirect_uri != form.get("redirect_uri"):
        return _no("unauthorized_client", "unexpected redirect URI")
    if code.challenge and not hmac.compare_digest(code.challenge, _challenge(form.get("code_verifier", ""))):
        return _no("unauthorized_client", "failed PKCE code challenge")
    person = world().accounts.get(code.person_id)
    if person is None:
        return _no("invalid_grant", "cannot find the user")
    scopes = frozenset(world().grants[app.client_id, person.id].split())
    text = f"jwt.{secrets.token_urlsafe(32)}"
    # No scope of the API, or one that it does not know, opens everything.
    api_scopes = scopes - {"openid", "profile", "email", "groups"}
    world().tokens[text] = Token(
        user_id=person.id, scopes=api_scopes if api_scopes and api_scopes <= SCOPES else frozenset({"all"})
    )
    return jsonify(
        {
            "access_token": text,
            "token_type": "bearer",
            "expires_in": _ID_TOKEN_SECONDS,
            "refresh_token": secrets.token_urlsafe(32),
            "id_token": _id_token(app, person, code),
        }
    )


def _app_json(app: OAuthApp) -> dict[str, Any]:
    return {
        "id": app.id,
        "name": app.name,
        "client_id": app.client_id,
        "client_secret": "",
        "confidential_client": app.confidential,
        "skip_secondary_authorization": app.skip_consent,
        "redirect_uris": app.redirect_uris,
        "created": "2026-01-01T00:00:00Z",
    }


def _asked(fields: Any) -> tuple[OAuthApp, dict[str, str]]:
    """The app and what it asks for; refused before anything is sent anywhere."""
    names = ("client_id", "redirect_uri", "state", "nonce", "scope", "code_challenge", "code_challenge_method")
    asked = {name: str(fields.get(name, "")) for name in names}
    app = world().oauth_apps.get(asked["client_id"])
    if app is None:
        raise Refusal(400, "Client ID not registered")
    wanted = asked["redirect_uri"].lower().rstrip("/")
    if wanted not in [each.lower().rstrip("/") for each in app.redirect_uris]:
        raise Refusal(400, "Unregistered Redirect URI")
    if asked["code_challenge"] and asked["code_challenge_method"] != "S256":
        raise Refusal(400, "unsupported code challenge method")
    return app, asked


def signed_in() -> Account | None:
    """The person whom the browser is signed in as."""
    person_id = world().browser_sessions.get(request.cookies.get(COOKIE, ""))
    person = world().accounts.get(person_id) if person_id else None
    return person if person is not None and person.active and not person.prohibit_login else None


def _granted(app: OAuthApp, person: Account, asked: dict[str, str]) -> Any:
    # The scopes of the first time stay, whatever is asked for later.
    world().grants.setdefault((app.client_id, person.id), asked["scope"])
    code = secrets.token_urlsafe(24)
    world().codes[code] = Code(app.client_id, person.id, asked["redirect_uri"], asked["nonce"], asked["code_challenge"])
    return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 303)


def _id_token(app: OAuthApp, person: Account, code: Code) -> str:
    now = int(world().now().timestamp())
    claims = {
        "iss": _issuer(),
        "sub": str(person.id),
        "aud": [app.client_id],
        "exp": now + _ID_TOKEN_SECONDS,
        "iat": now,
        "nonce": code.nonce,
        "name": person.full_name or person.login,
        "preferred_username": person.login,
        "locale": person.language,
        "email": person.email,
        "email_verified": person.active,
        "groups": userinfo.groups_of(world(), person),
        **world().id_token_overrides,
    }
    header = {"alg": "RS256", "kid": world().signing_key.thumbprint(), "typ": "JWT"}
    return jwt.encode(header, claims, world().signing_key)


def _issuer() -> str:
    return world().public_url if world().since(1, 25) else f"{world().public_url}/"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _no(error: str, description: str) -> Any:
    g.refused = error
    return jsonify({"error": error, "error_description": description}), 400
