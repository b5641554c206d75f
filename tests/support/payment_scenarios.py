"""Random lives of purchases, as the facts that a provider or a shop would tell, in the order of the world.

`scenario(seed)` tells one life; `deliveries` shuffles and repeats it as webhooks do. The same seed always gives the
same life. Whoever delivers the facts in any order must end with the same purchase and the same keys.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from bridge.rules.payments.facts import (
    Cancel,
    Dispute,
    Fact,
    PaidPeriod,
    PayLink,
    Refund,
    RefundFloor,
    Sale,
    Snapshot,
    SnapshotItem,
    SoldLine,
    Version,
)
from bridge.rules.payments.policy import Policy
from bridge.rules.terms import Term, add_months

Kind = Literal["one_time", "shop", "subscription"]
KINDS: tuple[Kind, ...] = ("one_time", "shop", "subscription")

START = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
PRICE = 4900


@dataclass(frozen=True)
class Scenario:
    """One life of a purchase: what was told of it, and how its seller wants such things handled."""

    seed: int
    kind: Kind
    policy: Policy
    facts: tuple[Fact, ...]

    @property
    def subscription(self) -> bool:
        return self.kind == "subscription"


def scenario(seed: int, packages: Sequence[int] = (1, 2, 3), kind: Kind | None = None) -> Scenario:
    """Tell a life. ``packages`` are the ids that may be sold; "shop" keeps to what the purchase calls can tell."""
    random = Random(seed)
    kind = kind or random.choice(KINDS)
    policy = Policy(
        partial_refund=random.choice(("ignore", "prorate", "revoke")),
        dispute_open=random.choice(("suspend", "suspend", "ignore")),
        cancel_now=random.choice(("keep_paid_period", "immediate")),
        quantity_mode=random.choice((None, "keys", "sites")),
    )
    tellers = {"one_time": _one_time, "shop": _shop, "subscription": _subscription}
    return Scenario(seed, kind, policy, tuple(tellers[kind](random, packages)))


def deliveries(told: Scenario, order: int) -> list[Fact]:
    """The facts in some order, about half of them twice."""
    random = Random(told.seed * 1_000_003 + order)
    facts = [*told.facts, *(fact for fact in told.facts if random.random() < 0.5)]
    random.shuffle(facts)
    return facts


def _one_time(random: Random, packages: Sequence[int]) -> Iterator[Fact]:
    """A checkout session, or an order and its capture."""
    mapped = packages[0], *(random.choice((None, *packages)) for _ in range(random.randrange(3)))
    for number, package in enumerate(mapped):
        yield SoldLine(f"price_{number}", package, random.randrange(1, 4), _term(random), timedelta(days=3))
    sale = Sale("cs_1", amount_minor=PRICE, currency="EUR", payment_ref=random.choice(("", "pi_1")))
    yield sale
    if random.random() < 0.15:
        yield replace(sale, failed=True)
    if random.random() < 0.9:
        yield replace(sale, paid=True, paid_at=START, payment_ref="pi_1")
    if random.random() < 0.3:
        yield PayLink("ch_1", "pi_1")
    yield from _money_back(random, "pi_1", "1")
    yield from _dispute(random, "pi_1", "1", _versions(random))


def _shop(random: Random, packages: Sequence[int]) -> Iterator[Fact]:
    """A sale that a shop tells by the purchase calls, renewed by one term or until a date."""
    package = random.choice(packages)
    term = _term(random)
    stated = random.random() < 0.2
    line = SoldLine(str(package), package, random.randrange(1, 4), term, timedelta(days=3))
    yield line
    yield Sale(
        "G-1",
        paid=True,
        paid_at=START,
        amount_minor=random.choice((None, PRICE)),
        currency="EUR",
        valid_until=START + timedelta(days=100) if stated else None,
    )
    paid_at = START
    for number in range(random.randrange(4)):
        paid_at += timedelta(days=random.choice((5, 300, 367, 400)))
        ends_at = random.choice((None, None, paid_at + timedelta(days=365)))
        yield PaidPeriod(
            f"R-{number}",
            ends_at=ends_at,
            paid_at=paid_at,
            amount_minor=PRICE,
            currency="EUR",
            term=None if ends_at else term,
            grace=timedelta(days=3),
        )
        yield from _money_back(random, f"R-{number}", f"r{number}")
    yield from _money_back(random, "", "s")
    yield from _dispute(random, "", "d", _untimed)
    if random.random() < 0.3:
        yield Cancel(paid_at + timedelta(days=random.randrange(40)), immediate=random.random() < 0.3)


def _subscription(random: Random, packages: Sequence[int]) -> Iterator[Fact]:
    """Monthly invoices, with snapshots around them, until it ends or the telling does."""
    version = _versions(random)
    items = {
        f"si_{number}": (random.choice(packages), random.randrange(1, 5)) for number in range(random.choice((1, 1, 2)))
    }
    trial = random.random() < 0.3
    yield Sale("cs_1", paid=True, paid_at=START, subscription_ref="sub_1", invoice_ref="in_0")
    yield _snapshot("incomplete", items, None, version())
    for number in range(random.randrange(1, 5)):
        start, end = add_months(START, number), add_months(START, number + 1)
        # The period moves before it is paid, and stays moved when it is not.
        status = "trialing" if trial and not number else "active"
        yield _snapshot(status, items, end, version())
        if number and random.random() < 0.3:
            for worse in ("past_due", random.choice(("past_due", "unpaid", "paused"))):
                yield _snapshot(worse, items, end, version())
            if random.random() < 0.5:
                break
        amount = 0 if trial and not number else PRICE
        for line_ref, (package, quantity) in items.items():
            yield PaidPeriod(
                f"in_{number}", line_ref, start, end, start, amount, "EUR", package_id=package, quantity=quantity
            )
        yield PayLink(f"pi_{number}", f"in_{number}", amount * len(items), "EUR")
        yield _snapshot(status, items, end, version())
        yield from _money_back(random, f"pi_{number}", str(number), PRICE * len(items))
        yield from _dispute(random, f"pi_{number}", str(number), version)
        yield from _changes(random, items, packages, end, version)
    if random.random() < 0.4:
        yield _snapshot("active", items, end, version(), cancel_at=end)
    if random.random() < 0.4:
        yield _snapshot("canceled", items, end, version(), ended_at=start + timedelta(days=10))
        yield _snapshot("active", items, add_months(end, 1), version())  # told late; the end stays the end


def _changes(
    random: Random,
    items: dict[str, tuple[int, int]],
    packages: Sequence[int],
    end: datetime,
    version: Callable[[], Version],
) -> Iterator[Fact]:
    """The buyer takes more seats or fewer, another plan, or one line less."""
    for line_ref in list(items):
        package, _ = items[line_ref]
        if random.random() < 0.3:
            items[line_ref] = (package, random.randrange(1, 7))
            yield _snapshot("active", items, end, version())
        if random.random() < 0.1:
            items[line_ref] = (random.choice(packages), items[line_ref][1])
            yield _snapshot("active", items, end, version())
        if random.random() < 0.05 and len(items) > 1:
            del items[line_ref]
            yield _snapshot("active", items, end, version())
    if random.random() < 0.05:
        # A word that this version doesn't know yet.
        yield Snapshot.seen("sub_1", "hibernating", version=version())


def _snapshot(
    status: str,
    items: dict[str, tuple[int, int]],
    end: datetime | None,
    version: Version,
    *,
    cancel_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> Snapshot:
    shown = tuple(SnapshotItem(line_ref, package, quantity, end) for line_ref, (package, quantity) in items.items())
    return Snapshot.seen("sub_1", status, shown, cancel_at=cancel_at, ended_at=ended_at, version=version)


def _money_back(random: Random, payment: str, name: str, charged: int = PRICE) -> Iterator[Fact]:
    if random.random() < 0.6:
        return
    parts = random.choice(((charged,), (None,), (charged * 2 // 5,), (charged * 2 // 5, charged - charged * 2 // 5)))
    for number, amount in enumerate(parts):
        kind = random.choice(("refund", "refund", "reversal"))
        lives = (("pending",), ("pending", "succeeded"), ("succeeded", "failed"), ("pending", "canceled"), ("undone?",))
        for status in random.choice(lives):
            yield Refund.seen(f"re_{name}_{number}", payment, amount, "EUR", status, kind)
    if payment.startswith("pi_") and random.random() < 0.5:
        yield RefundFloor(payment, sum(part or charged for part in parts), charged, "EUR")


def _dispute(random: Random, payment: str, name: str, version: Callable[[], Version]) -> Iterator[Fact]:
    if random.random() < 0.75:
        return
    lives = (
        ("warning_needs_response", "warning_closed"),
        ("needs_response", "under_review", "won"),
        ("needs_response", "lost"),
        ("needs_response", "lost", "appeal_needs_response", "appeal_under_review", "won"),
        ("lost", "appeal_needs_response", "lost"),
        ("needs_response", "somewhere"),
    )
    for status in random.choice(lives):
        yield Dispute.seen(f"du_{name}", payment, status, version())


def _versions(random: Random) -> Callable[[], Version]:
    """Versions that grow as the world does: all by ticket, or by a clock whose seconds hold several reports."""
    pulled, at = random.random() < 0.5, 0

    def version() -> Version:
        nonlocal at
        at += 1
        if pulled:
            return Version(ticket=at)
        return Version(created=START + timedelta(seconds=at // 2), event_id=f"evt_{at:04}")

    return version


def _untimed() -> Version:
    """A shop tells no time of its disputes."""
    return Version()


def _term(random: Random) -> Term:
    return random.choice((Term("annual"), Term("monthly"), Term("lifetime"), Term("days", days=30)))
