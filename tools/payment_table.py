"""What happened, and what the key does: facts as both providers tell them, judged by the rules, in words.

Nothing here says what a key does. Each row holds facts, `bridge.rules.payments` makes an outcome of them, and the words
only spell that outcome; so the page can't say anything that the program does not do.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bridge.rules.payments import policy as policies
from bridge.rules.payments.facts import (
    Dispute,
    Fact,
    PaidPeriod,
    PayLink,
    Refund,
    Sale,
    Snapshot,
    SnapshotItem,
    SoldLine,
    Version,
)
from bridge.rules.payments.outcome import Outcome, SlotOutcome, outcome
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import gathered
from bridge.rules.payments.slots import Held, Slot
from bridge.rules.terms import Term, add_months

_START = datetime(2026, 3, 1, tzinfo=UTC)
_FIRST, _SECOND, _TRIAL = add_months(_START, 1), add_months(_START, 2), _START + timedelta(days=14)
_ENDED = _START + timedelta(days=5)
_YEAR = add_months(_START, 12)
_MOMENTS: Mapping[datetime | None, str] = {
    None: "for ever",
    _START: "no longer",
    _TRIAL: "until the trial ends",
    _FIRST: "to the end of what was paid",
    _SECOND: "to the end of the new period",
    _YEAR: "for the package's term",
    _ENDED: "until that moment",
}
_REASONS = {
    "refunded": "the money went back",
    "chargeback": "the dispute is lost",
    "dispute": "a dispute is open",
    "unpaid": "nothing is paid any more",
    "paused": "it is paused",
    "seat_removed": "its seat was given up",
}


_DAYS = re.compile(r"([0-9]+) days longer")


@dataclass(frozen=True)
class Happening:
    """One row: in words, by which events it is told, and as facts. ``settings``: what the seller chose for it."""

    what: str
    stripe: tuple[str, ...]
    paypal: tuple[str, ...]
    facts: tuple[Fact, ...]
    settings: Mapping[str, str] | None = None
    held: int = 0  # keys that were there before


_ONCE = SoldLine("line", 1, 1, Term("annual"))
_SALE = Sale("sale", paid=True, paid_at=_START, amount_minor=4900, currency="EUR", payment_ref="payment")
_SOLD: tuple[Fact, ...] = (_ONCE, _SALE)


def _period(name: str, start: datetime, end: datetime, amount: int = 900) -> PaidPeriod:
    return PaidPeriod(name, "line", start, end, start, amount, "EUR", package_id=1)


def _shown(status: str, *, package: int = 1, quantity: int = 1, **more: object) -> Snapshot:
    items = (SnapshotItem("line", package, quantity),)
    return Snapshot.seen("subscription", status, items, version=Version(ticket=1), **more)  # type: ignore[arg-type]


def _dispute(*words: str) -> tuple[Fact, ...]:
    return (*_SOLD, *(Dispute.seen("dispute", "payment", word, Version(at)) for at, word in enumerate(words, 1)))


_FIRST_PAID = _period("first", _START, _FIRST)
_SESSION, _CAPTURE = "checkout.session.completed", "PAYMENT.CAPTURE.COMPLETED"
_SUB = "customer.subscription.updated"
_REFUNDS = ("refund.created", "refund.updated", "charge.refunded")
_BACK = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND.PENDING")
_DISPUTED = ("charge.dispute.created", "charge.dispute.updated")
_DECIDED = ("charge.dispute.closed", "charge.dispute.funds_reinstated")
_CHANGED = ("CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED")

ROWS = (
    Happening(
        "somebody agreed to pay, or pays by something that takes days",
        (_SESSION, "customer.subscription.created"),
        ("CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.PENDING", "BILLING.SUBSCRIPTION.CREATED", "PAYMENT.SALE.PENDING"),
        (_ONCE, Sale("sale", amount_minor=4900, currency="EUR")),
    ),
    Happening(
        "it was paid once, or nothing was to pay",
        (_SESSION, "checkout.session.async_payment_succeeded"),
        (_CAPTURE, "CHECKOUT.ORDER.COMPLETED"),
        _SOLD,
    ),
    Happening(
        "a payment that took days failed",
        ("checkout.session.async_payment_failed",),
        ("PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.DECLINED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED"),
        (_ONCE, Sale("sale", failed=True)),
    ),
    Happening(
        "three were bought once",
        (_SESSION,),
        (_CAPTURE,),
        (SoldLine("line", 1, 3, Term("annual")), _SALE),
    ),
    Happening(
        "three were subscribed to",
        ("invoice.paid",),
        ("PAYMENT.SALE.COMPLETED",),
        (replace(_FIRST_PAID, quantity=3), _shown("active", quantity=3)),
    ),
    Happening(
        "a subscription was paid",
        ("invoice.paid", "invoice_payment.paid"),
        ("PAYMENT.SALE.COMPLETED", "BILLING.SUBSCRIPTION.ACTIVATED"),
        (_FIRST_PAID, _shown("active")),
    ),
    Happening(
        "a renewal was paid",
        ("invoice.paid",),
        ("PAYMENT.SALE.COMPLETED",),
        (_FIRST_PAID, _period("second", _FIRST, _SECOND), _shown("active")),
    ),
    Happening(
        "a charge failed, and is tried again",
        ("invoice.payment_failed", _SUB),
        ("BILLING.SUBSCRIPTION.PAYMENT.FAILED", "PAYMENT.SALE.DENIED"),
        (_FIRST_PAID, _shown("past_due")),
    ),
    Happening(
        "nobody tries any more (`unpaid`; at PayPal suspended after failures)",
        (_SUB,),
        ("BILLING.SUBSCRIPTION.SUSPENDED",),
        (_FIRST_PAID, _shown("unpaid")),
    ),
    Happening(
        "it was paused (`paused`; at PayPal suspended by somebody)",
        ("customer.subscription.paused",),
        ("BILLING.SUBSCRIPTION.SUSPENDED",),
        (_FIRST_PAID, _shown("paused")),
    ),
    Happening(
        "it goes on after that",
        ("customer.subscription.resumed", _SUB),
        ("BILLING.SUBSCRIPTION.ACTIVATED", "BILLING.SUBSCRIPTION.RE-ACTIVATED"),
        (_FIRST_PAID, _shown("active")),
    ),
    Happening(
        "a trial began",
        ("invoice.paid", "customer.subscription.created"),
        ("BILLING.SUBSCRIPTION.ACTIVATED",),
        (_period("trial", _START, _TRIAL, 0), _shown("trialing")),
    ),
    Happening(
        "another price or plan of the same subscription",
        (_SUB,),
        ("BILLING.SUBSCRIPTION.UPDATED",),
        (_FIRST_PAID, _shown("active", package=2)),
        held=1,
    ),
    Happening(
        "one seat instead of two, with a key for each",
        (_SUB,),
        ("BILLING.SUBSCRIPTION.UPDATED",),
        (replace(_FIRST_PAID, quantity=2), _shown("active", quantity=1)),
        {"quantity_mode": "keys"},
        held=2,
    ),
    Happening(
        "cancelled at the end of the period", (_SUB,), (), (_FIRST_PAID, _shown("active", cancel_at_period_end=True))
    ),
    Happening(
        "cancelled at once, or at its end",
        ("customer.subscription.deleted",),
        ("BILLING.SUBSCRIPTION.CANCELLED", "BILLING.SUBSCRIPTION.EXPIRED"),
        (_FIRST_PAID, _shown("canceled", ended_at=_ENDED)),
    ),
    Happening(
        "the same",
        ("customer.subscription.deleted",),
        ("BILLING.SUBSCRIPTION.CANCELLED",),
        (_FIRST_PAID, _shown("canceled", ended_at=_ENDED)),
        {"cancel_now": "immediate"},
    ),
    Happening("all of it went back", _REFUNDS, _BACK, (*_SOLD, Refund("refund", "payment", None, "EUR", "succeeded"))),
    Happening(
        "a renewal went back",
        _REFUNDS,
        ("PAYMENT.SALE.REFUNDED", "PAYMENT.SALE.REVERSED"),
        (
            _FIRST_PAID,
            _period("second", _FIRST, _SECOND),
            Refund("refund", "second", 900, "EUR", "succeeded"),
            _shown("active"),
        ),
    ),
    Happening("a part went back", _REFUNDS, _BACK, (*_SOLD, Refund("refund", "payment", 1000, "EUR", "succeeded"))),
    Happening(
        "the same",
        _REFUNDS,
        _BACK,
        (*_SOLD, Refund("refund", "payment", 1000, "EUR", "succeeded")),
        {"partial_refund": "revoke"},
    ),
    Happening(
        "a refund failed after all",
        ("refund.failed",),
        ("PAYMENT.REFUND.FAILED",),
        (*_SOLD, PayLink("payment", "sale", 4900, "EUR"), Refund("refund", "payment", 4900, "EUR", "failed")),
    ),
    Happening("the payment is asked about (inquiry)", _DISPUTED, _CHANGED, _dispute("warning_needs_response")),
    Happening("the payment is contested", _DISPUTED, _CHANGED, _dispute("needs_response")),
    Happening("the same", _DISPUTED, _CHANGED, _dispute("needs_response"), {"dispute_open": "ignore"}),
    Happening(
        "the dispute is won, also after an appeal",
        _DECIDED,
        ("CUSTOMER.DISPUTE.RESOLVED",),
        _dispute("needs_response", "lost", "appeal_under_review", "won"),
    ),
    Happening("the dispute is lost", _DECIDED, ("CUSTOMER.DISPUTE.RESOLVED",), _dispute("needs_response", "lost")),
    Happening(
        "the bank takes the payment for fraud; the seller is told", ("radar.early_fraud_warning.created",), (), _SOLD
    ),
)


def table() -> Iterator[list[str]]:
    """The rows as they are shown: what happened, what the key does, and by which events it is told."""
    for row in ROWS:
        events = [_listed("Stripe", row.stripe), _listed("PayPal", row.paypal)]
        chosen = "".join(f" (`{name}={value}`)" for name, value in (row.settings or {}).items())
        yield [row.what + chosen, does(row), "; ".join(filter(None, events))]


def does(row: Happening) -> str:
    """What the keys do; of the providers only the days differ."""
    told = _words(row, policies.from_settings("stripe", row.settings or {}))
    if not row.paypal:
        return told
    other = _words(row, policies.from_settings("paypal", row.settings or {}))
    theirs = _DAYS.search(other)
    if told == other or theirs is None:
        return told
    return _DAYS.sub(lambda found: f"{found[0]} (PayPal: {theirs[1]})", told)


def _words(row: Happening, policy: Policy) -> str:
    slots = {Slot("line", number): Held(1) for number in range(1, row.held + 1)}
    found = outcome(gathered(row.facts), policy, slots)
    if not found.slots:
        return "there is none" + (", and the buyer is told" if found.status == "failed" else " yet")
    ways = [(slot.unit_no, _way(each, row)) for slot, each in sorted(found.slots.items())]
    if len({way for _, way in ways}) == 1:
        count = f"{len(ways)} keys: each " if len(ways) > 1 else ""
        return count + ways[0][1] + _flags(found)
    return "; ".join(f"the {'last' if number == len(ways) else 'first'} {way}" for number, way in ways)


def _way(slot: SlotOutcome, row: Happening) -> str:
    if slot.hold is not None:
        verb = "is revoked" if slot.hold == "revoke" else "is suspended"
        return f"{verb}: {_REASONS[slot.reason]}"
    longer = _longer(slot)
    parts = [f"works {_MOMENTS[slot.paid_until]}" + (f" and {longer}" if longer else "")]
    if slot.package_id != 1 and row.held:
        parts.append("as the same key of the other package")
    if slot.seats > 1:
        parts.append(f"on {slot.seats} times the package's sites")
    return ", ".join(parts)


def _longer(slot: SlotOutcome) -> str:
    if slot.works_until is None or slot.paid_until is None:
        return ""
    return f"{(slot.works_until - slot.paid_until).days} days longer"


def _flags(found: Outcome) -> str:
    shown = ", ".join(f"`{flag}`" for flag in sorted(found.flags))
    return f"; shown as {shown}" if shown else ""


def _listed(provider: str, events: tuple[str, ...]) -> str:
    return f"{provider} `{'`, `'.join(events)}`" if events else ""
