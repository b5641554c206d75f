"""Payments of an owner: the accounts, what each was told and what came of it, and what needs a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response

from bridge.models import PaymentAccount, PaymentEvent
from bridge.rules.payments import money
from bridge.rules.permissions import Action
from bridge.services import payment_access, payment_attention
from bridge.storage import licenses, payment_accounts, payment_events
from bridge.web.api.errors import not_found
from bridge.web.api.reading import word
from bridge.web.pages.visits import Page, Visit

EVENTS_SHOWN = 100
STATUSES = (
    ("", "Every event"),
    ("processed", "done"),
    ("ignored", "ignored"),
    ("failed", "failed, tried again"),
    ("dead", "failed for good"),
    ("new", "waiting"),
)
# What the command line calls a choice, and the page that does the same.
_COMMAND = re.compile(r"bridge payments (map|bind|accept|replay) \S+/(\S+)(?: ([^\s,]+))?")
_WORDS = {"map": "Map it to a package", "bind": "Bind a key", "accept": "Issue keys for it", "replay": "Read it again"}
_FIELDS = {"map": "value", "bind": "ref", "accept": "ref", "replay": "events"}
# What stands in a command for what a person has yet to say.
_BLANKS = {None, "PRICE", "WORD"}


@dataclass(frozen=True, slots=True)
class Line:
    """An account in the list. ``waiting`` and ``failed``: of its events."""

    account: PaymentAccount
    last: Any
    waiting: int
    failed: int
    processed: int
    ignored: int


def overview(visit: Visit) -> Response:
    """Every account, and everything that needs a person."""
    with visit.reading() as session:
        found = payment_accounts.all_of(session, visit.call.owner_id)
        lines = [line_of(session, each) for each in found]
        matters = [
            (each, matter)
            for each in found
            for matter in payment_attention.matters(session, each, _name(visit, each), visit.now)
        ]
    return visit.show("payments.html", lines=lines, matters=matters, choice=Choices(visit))


def account(visit: Visit) -> Response:
    """One account: how it is, what is mapped, and its events."""
    status = visit.query.get("status", "")
    status = status if status in {value for value, _ in STATUSES} else ""
    with visit.reading() as session:
        row = find(visit, session)
        line = line_of(session, row)
        names = {each.id: each.name for each in licenses.packages_of(session, row.owner_id)}
        maps = [(each, names.get(each.package_id, ""), price_text(each)) for each in _maps(session, row)]
        asked = (status,) if status else ()
        events = payment_events.page(session, [row.id or 0], statuses=asked, limit=EVENTS_SHOWN)
    return visit.show(
        "payment_account.html",
        line=line,
        name=_name(visit, row),
        maps=maps,
        events=events,
        status_asked=status,
        statuses=STATUSES,
        most=EVENTS_SHOWN,
        policy=payment_access.policy_of(row),
        did=did,
    )


def event(visit: Visit) -> Response:
    """One event: what it said that is nobody's secret, what it changed, or why it changed nothing."""
    with visit.reading() as session:
        row = find(visit, session)
        found = payment_events.by_id(session, visit.id("id"))
        if found is None or found.account_id != row.id:
            raise not_found()
    return visit.show("payment_event.html", account=row, event=found, did=did)


def find(visit: Visit, session: Any) -> PaymentAccount:
    """The account of the address."""
    found = payment_accounts.by_source(session, visit.call.owner_id, word(visit.names["source"]))
    if found is None:
        raise not_found()
    return found


def line_of(session: Any, row: PaymentAccount) -> Line:
    """An account with its counts."""
    counts = payment_events.counts(session, row.id or 0)
    return Line(
        row,
        payment_events.last_received(session, row.id or 0),
        counts.get("new", 0) + counts.get("leased", 0),
        counts.get("failed", 0) + counts.get("dead", 0),
        counts.get("processed", 0),
        counts.get("ignored", 0),
    )


def did(found: PaymentEvent) -> str:
    """What an event changed, in words; empty where it changed nothing."""
    effect: Mapping[str, Any] = found.effect
    made, changed = len(effect.get("keys_made", ())), len(effect.get("keys_changed", ()))
    parts = [f"{made} key{'' if made == 1 else 's'} made" if made else ""]
    parts.append(f"{changed} key{'' if changed == 1 else 's'} changed" if changed else "")
    if not made and not changed and effect.get("facts"):
        parts.append("noted")
    return ", ".join(filter(None, parts))


def price_text(row: Any) -> str:
    """What a mapped price costs, as far as it was told when it was mapped."""
    if row.amount_minor is None or not row.currency:
        return ""
    every = f" every {row.interval_count} {row.interval_unit}" if row.recurring else ""
    return f"{money.text(money.Money(row.amount_minor, row.currency))} {row.currency}{every}"


class Choices:
    """What can be chosen about a matter: a command of the command line is a page here, everything else is words."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._may = visit.may(Action.PURCHASES_WRITE, of_owner=True)

    def __call__(self, choice: str) -> tuple[str, str]:
        """The address and the words of a choice; without an address where nothing is to be pressed."""
        found = _COMMAND.match(choice)
        if found is None or not self._may:
            return "", choice
        what, source, text = found.groups()
        query = {_FIELDS[what]: text} if text not in _BLANKS else {}
        path = f"payments/{source}/{what}"
        return self._visit.to(f"{path}?{urlencode(query)}" if query else path), _WORDS[what]


def _name(visit: Visit, row: PaymentAccount) -> str:
    assert visit.place is not None, "an account is an owner's"
    return f"{visit.place.owner_name}/{row.source}"


def _maps(session: Any, row: PaymentAccount) -> Any:
    return payment_accounts.maps_of(session, row.id or 0)


PAGES = (
    Page("owner_payments", "payments", Action.PURCHASES_READ, overview, level="owner"),
    Page("owner_payment", "payments/<source>", Action.PURCHASES_READ, account, level="owner"),
    Page("owner_payment_event", "payments/<source>/events/<id>", Action.PURCHASES_READ, event, level="owner"),
)
