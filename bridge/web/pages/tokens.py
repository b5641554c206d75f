"""Machine tokens: listed, made and shown once, revoked. The same pages at a repo and at its owner."""

from datetime import timedelta
from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.rules.scopes import Scope
from bridge.web.api.errors import invalid
from bridge.web.api.fields import MOST_LIMIT
from bridge.web.pages.forms import Form
from bridge.web.pages.visits import Page, Visit, at_each

SCOPES = (
    (Scope.KEYS_READ, "Read keys, customers and packages, and export them"),
    (Scope.KEYS_WRITE, "Issue and change keys too, as a shop or a help desk does"),
    (Scope.PURCHASES_WRITE, "Record purchases and what becomes of them, which issues keys"),
    (Scope.STATS_READ, "Read the numbers"),
)
LASTS = (
    ("365", "a year"),
    ("90", "90 days"),
    ("30", "30 days"),
    ("day", "until the day below"),
    ("", "until it is revoked"),
)
_MADE = 201


def list_all(visit: Visit) -> Response:
    """Those that live or lived; with ``?state=revoked`` the revoked ones."""
    state = visit.query.get("state", "")
    query = {"limit": MOST_LIMIT} | ({"state": "revoked"} if state == "revoked" else {})
    found: Any = visit.fill("list_license_tokens", query=query).payload
    return visit.show("tokens.html", tokens=found, revoked=state == "revoked")


def make(visit: Visit) -> Response:
    """A new one; the answer to the form is the only page that ever shows it."""
    form = visit.form({"lasts": "365"})

    def send() -> Response:
        body = {"name": form["name"], "scopes": form.all("scopes"), "expires_at": _end(visit, form)}
        made = visit.fill("make_license_token", body=body).payload
        response = visit.show("token_made.html", made=made, status=_MADE)
        response.headers["Location"] = visit.to("tokens")
        return response

    if visit.posted and (done := visit.attempt(form, send, expires_at="until", expires="until")):
        return done
    return visit.show("token_new.html", form=form, scopes=SCOPES, lasts=LASTS)


def revoke(visit: Visit) -> Response:
    """End one, at once and for good."""
    token: Any = visit.fill("get_license_token", id=visit.id("id")).payload
    visit.require(Action.TOKENS_WRITE, of_owner=token.repo is None)
    form = visit.form({})

    def send() -> Response:
        visit.fill("revoke_license_token", id=token.id)
        return visit.done("tokens", f"The token “{token.name}” is revoked; whatever used it is shut out now.")

    if visit.posted and (done := visit.attempt(form, send)):
        return done
    return visit.show("token_revoke.html", form=form, token=token)


def _end(visit: Visit, form: Form) -> Any:
    lasts = form["lasts"]
    if lasts not in {value for value, _ in LASTS}:
        raise invalid("lasts", "choose how long it lasts")
    if lasts == "day":
        until = form.day("until")
        if until is None:
            raise invalid("until", "write the day on which it ends, such as 2027-03-31")
        return until
    return visit.now + timedelta(days=int(lasts)) if lasts else None


PAGES = at_each(
    ("repo", "owner"),
    Page("tokens", "tokens", Action.TOKENS_READ, list_all),
    Page("token_new", "tokens/new", Action.TOKENS_WRITE, make, posts=Action.TOKENS_WRITE, anew=True),
    Page("token_revoke", "tokens/<id>/revoke", Action.TOKENS_WRITE, revoke, posts=Action.TOKENS_WRITE, anew=True),
)
