"""A key: everything that is known of it, and the ways to what can be done with it."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from flask import Response

from bridge.errors import RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules.permissions import Action
from bridge.rules.terms import InvalidTerm, add_months
from bridge.services import key_usage_chart, keys
from bridge.storage import pages
from bridge.storage.pages import Trail
from bridge.web.api import schemas_keys as shown
from bridge.web.api.errors import ApiError, invalid
from bridge.web.pages import actors, repo_home
from bridge.web.pages.visits import Page, Visit, at_each

USAGE_DAYS = 30
_MOST_LINES = 15
# Who or what holds a key back, in words. ``person`` has a reason of their own beside it.
HELD = {
    "person": "",
    "refunded": "because the payment was refunded",
    "chargeback": "because the payment was charged back",
    "dispute": "because the payment is disputed",
    "unpaid": "because the subscription is not paid",
    "paused": "because the subscription is paused",
    "seat_removed": "because the purchase was reduced to fewer keys",
}


def page(visit: Visit) -> Response:
    """The whole key."""
    found, version = read(visit)
    number = found.id
    sites = visit.fill("list_license_key_sites", id=number, query={"limit": 50})
    usage: Any = visit.fill("list_license_key_usage", id=number, query={"days": USAGE_DAYS, "limit": 50})
    return visit.show(
        "key.html",
        key=found,
        version=version,
        sites=sites.payload,
        site_total=sites.total,
        usage=usage.payload[:_MOST_LINES],
        usage_total=usage.total,
        **_history(visit, found),
        may=Permissions(visit, found),
        state_words=state_words(found, visit.now),
        feeds=feeds(visit, found),
        own_page=_own_page(visit, found),
        usage_days=USAGE_DAYS,
    )


def chart(visit: Visit) -> Response:
    """All that the key did, as a picture; the table beside it has the newest of it."""
    found, _ = read(visit)
    today = visit.now.date()
    with visit.reading() as session:
        since = today - timedelta(days=USAGE_DAYS - 1)
        usage = pages.usage_by_day(session, found.id, since, visit.call.repo_id)
    svg = key_usage_chart.draw(usage, today, USAGE_DAYS)
    response = Response(svg, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


class Permissions:
    """What the visitor may do with this key, by the names that templates use."""

    def __init__(self, visit: Visit, key: shown.Key) -> None:
        self._visit = visit
        self._of_owner = key.package.level == "owner"

    def __getitem__(self, action: str) -> bool:
        """Whether it is allowed in full: ``may["keys.edit"]``."""
        return self._visit.may(Action(action), of_owner=self._of_owner)


def read(visit: Visit) -> tuple[shown.Key, str]:
    """The key of the address as the visitor may see it, and its version."""
    reply = visit.fill("get_license_key", id=visit.id("id"))
    assert isinstance(reply.payload, shown.Key)
    return reply.payload, reply.etag


def rows(visit: Visit, session: Any) -> tuple[LicenseKey, Package]:
    """The rows of the key of the address."""
    key = session.get_one(LicenseKey, visit.id("id"))
    return key, session.get_one(Package, key.package_id)


def state_words(key: shown.Key, now: datetime) -> str:
    """The state with its reason, in a sentence."""
    held = HELD.get(key.state_reason, "")
    if key.state == "revoked":
        return f"It was revoked {held or 'by a person'}" + (f": {key.revoke_reason}" if key.revoke_reason else "") + "."
    if key.state == "suspended":
        return f"It is suspended {held or 'by a person'}; everything else stays as it is."
    if key.state == "not_started":
        return f"It works from {key.starts_at:%Y-%m-%d} on."
    if key.state == "expired":
        return "Its term is over, and its grace too. Extend it, or let the customer renew it."
    if key.state == "grace":
        return f"Its term is over; it still works until {key.grace_until:%Y-%m-%d}."
    if key.expires_at is None:
        return "It works, and it never expires."
    left = (key.expires_at - now).days
    return f"It works for {left} more day{'' if left == 1 else 's'}." if left else "It works until tomorrow."


def later(visit: Visit) -> dict[str, str]:
    """Where one more term, and one more year, would take the key; empty where that can't be."""
    found, _ = read(visit)  # whether it is seen from here is known before its row is taken
    by_term = by_year = ""
    with visit.reading() as session, suppress(RefusedError):
        term = keys.extended(*rows(visit, session), visit.now)
        by_term = f"{term:%Y-%m-%d}" if term else "never"
    with suppress(ApiError):
        by_year = f"{one_year_on(found, visit.now):%Y-%m-%d}"
    return {"term": by_term, "year": by_year}


def one_year_on(key: shown.Key, now: datetime) -> datetime:
    """A year from the expiry, or from now where that is past or there is none. Raises ``ApiError``."""
    try:
        return add_months(max(key.expires_at or now, now), 12)
    except InvalidTerm:
        raise invalid("how", "a year more ends after the year 9999; choose a day, or that it never expires") from None


def feeds(visit: Visit, key: shown.Key) -> list[tuple[str, str]]:
    """The personal feed of each repo that the key opens, as far as it is known here."""
    if key.feed_token is None or visit.page.level != "repo":
        return []
    with visit.reading() as session:
        _, product = repo_home.loaded(visit, session)
    if not product.serves("joomla"):
        return []
    return [(product.full_name, f"{product.labels.base}/updates/{key.feed_token}.xml")]


def _own_page(visit: Visit, key: shown.Key) -> str:
    """Where one gets the link to the customer's own page, which has all keys of the owner; "" for those who don't."""
    if key.master or not visit.may(Action.KEYS_RESEND, of_owner=True):
        return ""
    with visit.reading() as session:
        customer_id = rows(visit, session)[0].customer_id
    return f"{visit.owner_base}/customers/{customer_id}/link" if customer_id else ""


def _history(visit: Visit, key: shown.Key) -> dict[str, Any]:
    """What happened to it, and who is meant; ``None`` for those who may not see it.

    It stands where the key's package belongs.
    """
    if not visit.may(Action.AUDIT_READ, of_owner=key.package.level == "owner"):
        return {"history": None}
    with visit.reading() as session:
        owner_id = visit.call.owner_id
        wanted = Trail(owner_id, subject=f"key:{key.id}")
        found = pages.trail(session, wanted, limit=_MOST_LINES, offset=0)[1]
        return {"history": found, "names": actors.names(session, (each.actor for each in found), owner_id)}


PAGES = at_each(
    ("repo", "owner"),
    Page("key", "keys/<id>", Action.KEYS_READ, page),
    Page("key_chart", "keys/<id>/usage.svg", Action.USAGE_READ, chart),
)
