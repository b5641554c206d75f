"""Facts in any order, late and repeated: the same purchase, the same keys."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import permutations
from random import Random

import pytest

from bridge.rules.payments.facts import Cancel, Dispute, Fact, Key, PaidPeriod, Refund, Sale, SoldLine, merged
from bridge.rules.payments.ledger import ledger
from bridge.rules.payments.outcome import Outcome, outcome
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import Purchase, gathered
from bridge.rules.payments.slots import Held, Slot, demanded, settled
from bridge.rules.terms import Term
from tests.support.payment_scenarios import START, Scenario, deliveries, scenario

ORDERS = 50


class Books:
    """What a database would hold: facts under their keys, and slots under theirs."""

    def __init__(self, told: Scenario) -> None:
        self._told = told
        self._facts: dict[Key, Fact] = {}
        self.held: dict[Slot, Held] = {}

    def deliver(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            earlier = self._facts.get(fact.key)
            self._facts[fact.key] = fact if earlier is None else merged(earlier, fact)

    def purchase(self) -> Purchase:
        return gathered(self._facts.values(), subscription=self._told.subscription)

    def recompute(self) -> Purchase:
        purchase = self.purchase()
        wanted = demanded(purchase, self._told.policy)
        for slot, package_id in settled(purchase, self._told.policy, self.held).mint:
            assert slot not in self.held, "a slot has one key for good"
            assert wanted[slot] == package_id
            self.held[slot] = Held(package_id)
        return purchase


@pytest.mark.parametrize("first", range(0, 1000, 100))
def test_t103_whatever_the_order_the_keys_are_the_same(first: int) -> None:
    for seed in range(first, first + 100):
        told = scenario(seed)
        in_order = Books(told)
        in_order.deliver(told.facts)
        purchase = in_order.recompute()
        wanted = demanded(purchase, told.policy)
        # The outcome is a function of the facts and of what is held: both are compared, so each pair is asked once.
        outcomes: dict[frozenset[tuple[Slot, int]], Outcome] = {}
        expected = outcome(purchase, told.policy, in_order.held)
        for order in range(ORDERS):
            books = Books(told)
            facts = deliveries(told, order)
            stop = Random(order).randrange(len(facts))
            books.deliver(facts[:stop])
            if order % 3 == 0:
                books.recompute()
            books.deliver(facts[stop:])
            assert books.recompute() == purchase, (seed, order)
            assert books.held.keys() >= wanted.keys()
            pair = frozenset((slot, each.package_id) for slot, each in books.held.items())
            if pair not in outcomes:
                outcomes[pair] = outcome(purchase, told.policy, books.held)
            found = outcomes[pair]
            assert (found.status, found.reviews) == (expected.status, expected.reviews)
            assert {slot: found.slots[slot] for slot in wanted} == {slot: expected.slots[slot] for slot in wanted}
            # A seat that was bought and given up again may have got its key or not; it never works.
            assert all(found.slots[slot].hold for slot in books.held.keys() - wanted.keys()), (seed, order)


def test_t103_the_random_lives_are_worth_living() -> None:
    """The generator reaches every hold and every flag, paid and unpaid sales, purchases of one key and of many."""
    seen: set[str] = set()
    for seed in range(600):
        told = scenario(seed)
        books = Books(told)
        for fact in told.facts:
            books.deliver([fact])
            books.recompute()
        found = outcome(books.purchase(), told.policy, books.held)
        seen |= {found.status, *(each.reason for each in found.slots.values()), *found.flags}
        seen.add("several keys" if len(found.slots) > 1 else "one key at most")
    assert seen >= {
        "paid",
        "pending",
        "failed",
        "refunded",
        "chargeback",
        "dispute",
        "unpaid",
        "paused",
        "seat_removed",
    }
    assert seen >= {
        "trial",
        "past_due",
        "ends_at",
        "partial_refund",
        "inquiry",
        "still_renewing",
        "needs_review",
        "several keys",
    }


def test_t103_a_subscription_is_never_paid_beyond_what_was_paid() -> None:
    """Said again in another way: the latest end of a period whose money stayed, within the item's current one."""
    checked = 0
    for seed in range(1000):
        told = scenario(seed, kind="subscription")
        policy = Policy()
        purchase = gathered(told.facts, subscription=True)
        assert purchase.snapshot is not None
        items = {item.line_ref: item for item in purchase.snapshot.items}
        undone = ledger(purchase, policy).undone
        for slot, each in outcome(purchase, policy).slots.items():
            of_line = [period for period in purchase.periods if period.line_ref == slot.line_ref]
            ends = [period.ends_at for period in of_line if period.ends_at and not undone(period.period_ref)]
            bound = items[slot.line_ref].ends_at
            assert each.paid_until == (min(max(ends), bound or max(ends)) if ends else START)
            assert (each.reason == "refunded") == (not ends)
            checked += 1
    assert checked > 1000


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "T00:00+00:00")


def test_t101_calls_for_periods_refunds_and_disputes_may_come_in_any_order_and_twice() -> None:
    line = SoldLine("7", 7, 2, Term("annual"), timedelta(days=3))
    facts: list[Fact] = [
        line,
        Sale("G-123", paid=True, paid_at=_moment("2026-01-10"), amount_minor=4900, currency="EUR"),
        PaidPeriod("G-124", paid_at=_moment("2026-12-20"), amount_minor=4900, currency="EUR", term=line.term),
        PaidPeriod("G-125", ends_at=_moment("2029-06-01")),
        Refund.seen("re-1", "G-124", 4900, "EUR", "succeeded"),
        Dispute.seen("d-1", "G-123", "won"),
        Cancel(_moment("2027-02-01")),
    ]
    ends = set()
    for order in permutations(facts):
        found = outcome(gathered([*order, *order[:3]]), Policy())
        ends.add(tuple((slot, each.paid_until, each.hold) for slot, each in found.slots.items()))
    assert ends == {
        ((Slot("7", 1), _moment("2029-06-01"), None), (Slot("7", 2), _moment("2029-06-01"), None)),
    }
