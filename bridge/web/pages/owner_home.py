"""The first page of an owner: all repos at a glance, keys that expire soon, what was sold last."""

from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.services import owner_overview
from bridge.services.products import Hosts
from bridge.web.pages import paging
from bridge.web.pages.key_list import EXPIRING
from bridge.web.pages.visits import Page, Visit

REPOS_A_PAGE = 50
_SHOWN = 8


def home(visit: Visit) -> Response:
    """What an owner wants to know on Monday."""
    text, page = visit.query.get("q", "").strip(), visit.page_number
    settings = visit.doors.settings
    hosts = Hosts(settings.bridge.public_url, settings.gitea.public_url)
    with visit.reading() as session:
        owner = visit.owner(session)
        problems = [f"{each['variable']}: {each['sentence']}" for each in owner.problems]
        found = owner_overview.of(
            session, owner, visit.doors.products.find, hosts,
            text=text, limit=REPOS_A_PAGE, offset=(page - 1) * REPOS_A_PAGE,
        )  # fmt: skip
    return visit.show(
        "owner_home.html",
        found=found,
        asked=text,
        problems=problems,
        links=paging.numbered(visit, "", {"q": text}, found.total, REPOS_A_PAGE),
        expiring=_expiring(visit),
        sales=_sales(visit),
    )


def _expiring(visit: Visit) -> Any:
    """The reply of the list of keys: those that end first."""
    query = {"state": "active", "expires_before": visit.now + EXPIRING, "sort": "expires_at", "limit": _SHOWN}
    return visit.fill("list_license_keys", query=query)


def _sales(visit: Visit) -> Any:
    """The newest purchases; ``None`` for those who may not see them."""
    if not visit.may_here(Action.PURCHASES_READ):
        return None
    return visit.fill("list_license_purchases", query={"limit": _SHOWN})


PAGES = (Page("owner_home", "", Action.KEYS_READ, home, level="owner"),)
