"""Facts of an everyday sale and an everyday subscription, and what is made of them."""

from collections.abc import Mapping
from datetime import UTC, datetime

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
from bridge.rules.terms import Term

USUAL = Policy()


def day(text: str) -> datetime:
    """A midnight in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ANNUAL, LIFETIME = Term("annual"), Term("lifetime")
PAID_AT, FIRST_END, SECOND_END = day("2026-01-31"), day("2026-02-28"), day("2026-03-31")
LEEWAY, GRACE = USUAL.leeway, USUAL.grace
NOBODY: Mapping[Slot, Held] = {}


def sold(term: Term | None = ANNUAL, **changed: object) -> list[Fact]:
    """A sale of one key for 49.00."""
    sale = {"paid": True, "paid_at": PAID_AT, "amount_minor": 4900, "currency": "EUR", "payment_ref": "pi_1", **changed}
    return [SoldLine("price_1", 7, 1, term), Sale("cs_1", **sale)]  # type: ignore[arg-type]


def invoice(number: int, start: datetime, end: datetime, line: str = "si_1", amount: int = 4900) -> list[Fact]:
    """A month that was paid, and the name of its payment."""
    paid = PaidPeriod(f"in_{number}", line, start, end, start, amount, "EUR", package_id=7)
    return [paid, PayLink(f"pi_{number}", f"in_{number}", amount, "EUR")]


def subscription(status: str, end: datetime | None = SECOND_END, quantity: int = 1, **changed: object) -> Snapshot:
    """The provider's picture of it."""
    items = (SnapshotItem("si_1", 7, quantity, end, "keys"),)
    return Snapshot.seen("sub_1", status, items, version=Version(ticket=5), **changed)  # type: ignore[arg-type]


FIRST = invoice(1, PAID_AT, FIRST_END)
SECOND = invoice(2, FIRST_END, SECOND_END)


def refund(amount: int | None, payment: str = "pi_1", status: str = "succeeded", name: str = "re_1") -> Refund:
    return Refund.seen(name, payment, amount, "EUR", status)


def dispute(*told: str, payment: str = "pi_1") -> list[Fact]:
    return [Dispute.seen("du_1", payment, word, Version(ticket=number)) for number, word in enumerate(told, 1)]


def of(*facts: Fact, policy: Policy = USUAL, held: Mapping[Slot, Held] = NOBODY) -> Outcome:
    return outcome(gathered(facts), policy, held)


def only(*facts: Fact, policy: Policy = USUAL, held: Mapping[Slot, Held] = NOBODY) -> SlotOutcome:
    (found,) = of(*facts, policy=policy, held=held).slots.values()
    return found
