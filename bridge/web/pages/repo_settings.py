"""Licensing settings of a repo. They live in Gitea, as variables; this page is one of the two places to edit them."""

from typing import Any

from flask import Response

from bridge.models import Repo
from bridge.rules.permissions import Action
from bridge.rules.variables import FEED, PLATFORM, REQUIRE_KEY, STREAMS, OwnerSettings
from bridge.services import publisher, who_gets_what
from bridge.services.products import Product
from bridge.web.api import schemas as shown
from bridge.web.pages import repo_home
from bridge.web.pages.forms import Form
from bridge.web.pages.visits import Page, Visit

_VARIABLES = (PLATFORM, REQUIRE_KEY, STREAMS, FEED)


def settings(visit: Visit) -> Response:
    """The form, what it leads to, and what is held back."""
    reply = visit.fill("get_licensing")
    stands: Any = reply.payload
    with visit.reading() as session:
        row, product = repo_home.loaded(visit, session)
        owner = OwnerSettings.from_dict(visit.owner(session).settings)
    form = visit.form(_first(stands, owner), reply.etag)

    def send() -> Response:
        visit.fill("edit_licensing", body=_body(form, owner, stands), version=form.version)
        return visit.done("settings", "Saved in Gitea, and in force now.", back=("settings", "Look at it"))

    if visit.posted and (done := visit.attempt(form, send, settings="platform")):
        return done
    if form.conflict:
        form.version = visit.fill("get_licensing").etag
    if not visit.posted:
        repo_home.refresh_if_old(visit, row)
    return visit.show(
        "repo_settings.html",
        form=form,
        stands=stands,
        owner=owner,
        writable=visit.may(Action.SETTINGS_WRITE, of_owner=False),
        **_around(row, product),
    )


def _around(row: Repo, product: Product) -> dict[str, Any]:
    told = publisher.report(product, row)
    return {
        "held": told["held"],
        "problems": told["warnings"],
        "hints": told["hints"],
        "stated": set(product.settings.stated),
        "variables": _VARIABLES,
        "table": who_gets_what.table(product),
        "row": row,
    }


def _first(stands: shown.RepoSettings, owner: OwnerSettings) -> dict[str, object]:
    names = [each.rstrip("+").partition("=")[0] for each in stands.streams]
    known = [each.name for each in owner.streams]
    return {
        "platform": stands.platform or "none",
        "require_key": stands.require_key,
        "which_streams": "all" if names == known else "some",
        "streams": names,
        "feed_how": "keep",
    }


def _body(form: Form, owner: OwnerSettings, stands: shown.RepoSettings) -> dict[str, Any]:
    """What differs from what stands; the text of the feed's rules only where somebody wrote one."""
    body: dict[str, Any] = {}
    if form["platform"] != (stands.platform or "none"):
        body["platform"] = form["platform"]
    if form["require_key"] != stands.require_key:
        body["require_key"] = form["require_key"]
    open_ones = {each.name for each in owner.streams if each.listed_in_open_feed and each.stability != "stable"}
    chosen = [f"{name}+" if name in open_ones else name for name in form.all("streams")]
    before = _first(stands, owner)
    if form["which_streams"] == "all" and before["which_streams"] != "all":
        body["streams"] = None
    elif form["which_streams"] == "some" and form.all("streams") != before["streams"]:
        body["streams"] = chosen
    if form["feed_how"] == "write":
        body["feed"] = form.raw("feed")
    elif form["feed_how"] == "none":
        body["feed"] = None
    return body


PAGES = (
    # Its effect is in Gitea, so the version of what was seen keeps a second sending from doing more.
    Page(
        "repo_settings", "settings", Action.SETTINGS_READ, settings, posts=Action.SETTINGS_WRITE, anew=True, once=False
    ),
)
