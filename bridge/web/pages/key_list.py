"""Keys as a list: searched, filtered, sorted, page by page. At a repo it is part of the first page."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.web.pages import packages, paging
from bridge.web.pages.forms import whole
from bridge.web.pages.visits import Page, Visit, at_each

EXPIRING = timedelta(days=30)
STATES = (
    ("", "Any state"),
    ("active", "active"),
    ("expiring", "expiring within 30 days"),
    ("grace", "in grace"),
    ("expired", "expired"),
    ("suspended", "suspended"),
    ("revoked", "revoked"),
    ("not_started", "not started"),
)
SORTS = (
    ("-id", "Newest"),
    ("id", "Oldest"),
    ("expires_at", "Expiring first"),
    ("-expires_at", "Expiring last"),
    ("customer", "Customer"),
)
_KEPT = ("q", "state", "package", "sort")


def show(visit: Visit) -> Response:
    """The list as a page of its own, at an owner."""
    return visit.show("keys.html", **listed(visit))


def listed(visit: Visit) -> Mapping[str, Any]:
    """What the list's template needs."""
    asked = {name: visit.query.get(name, "").strip() for name in (*_KEPT, "after", "before")}
    reply = visit.fill("list_license_keys", query=_query(visit, asked))
    kept = {name: asked[name] for name in _KEPT}
    return {
        "asked": asked,
        "filtered": any(asked[name] for name in ("q", "state", "package")),
        "keys": reply.payload,
        "total": reply.total or 0,
        "capped": reply.capped,
        "packages": packages.all_of(visit),
        "states": STATES,
        "sorts": SORTS,
        "links": paging.around(visit, visit.keys_path, kept, reply),
    }


def _query(visit: Visit, asked: Mapping[str, str]) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "q": asked["q"],
        "state": asked["state"],
        "package": whole(asked["package"]),
        "sort": asked["sort"],
        "after": asked["after"],
        "before": asked["before"],
        "page": visit.page_number,
    }
    if asked["state"] == "expiring":
        wanted |= {"state": "active", "expires_before": visit.now + EXPIRING}
    return {name: value for name, value in wanted.items() if value}


PAGES = at_each(("owner",), Page("keys", "keys", Action.KEYS_READ, show))
