"""The laws of merging, for every kind of fact: order, grouping and repetition change nothing."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.payments import statuses
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
    merged,
)
from bridge.rules.payments.purchase import gathered
from bridge.rules.terms import Term

BERLIN = timezone(timedelta(hours=1))
moments = st.sampled_from(
    [
        datetime(2026, 1, 31, tzinfo=UTC),
        datetime(2026, 1, 31, 1, tzinfo=BERLIN),  # the same, said elsewhere
        datetime(2026, 2, 28, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ]
)
perhaps_moments = st.none() | moments
perhaps_amounts = st.none() | st.sampled_from([0, 1, 4900])
amounts = st.sampled_from([0, 1, 4900])
refs = st.sampled_from(["", "a", "b"])
currencies = st.sampled_from(["", "EUR", "JPY"])
terms = st.sampled_from([None, Term("annual"), Term("days", days=30), Term("lifetime")])
graces = st.sampled_from([timedelta(), timedelta(days=3)])
packages = st.sampled_from([None, 1, 2])
modes = st.sampled_from(["", "keys", "sites"])
versions = st.builds(Version, st.sampled_from([0, 1, 2]), moments, refs)
items = st.lists(
    st.builds(SnapshotItem, st.sampled_from(["si_1", "si_2"]), packages, amounts, perhaps_moments, modes),
    unique_by=lambda item: item.line_ref,
).map(tuple)
strange = ["hibernating", "", "WON", "\ud800"]


def paid_sale(**given: object) -> Sale:
    paid = bool(given["paid"]) and given["paid_at"] is not None
    return Sale("cs_1", **{**given, "paid": paid})  # type: ignore[arg-type]


def period(**given: object) -> PaidPeriod:
    if given["ends_at"] is None and given["paid_at"] is None:
        given["paid_at"] = datetime(2026, 1, 1, tzinfo=UTC)
    return PaidPeriod("in_1", "si_1", **given)  # type: ignore[arg-type]


FACTS = {
    "Sale": st.builds(
        paid_sale,
        paid=st.booleans(),
        failed=st.booleans(),
        paid_at=perhaps_moments,
        starts_at=perhaps_moments,
        valid_until=perhaps_moments,
        amount_minor=perhaps_amounts,
        currency=currencies,
        payment_ref=refs,
        invoice_ref=refs,
        subscription_ref=refs,
    ),
    "SoldLine": st.builds(SoldLine, st.just("price_1"), packages, amounts, terms, graces, modes),
    "PaidPeriod": st.builds(
        period,
        starts_at=perhaps_moments,
        ends_at=perhaps_moments,
        paid_at=perhaps_moments,
        amount_minor=perhaps_amounts,
        currency=currencies,
        term=terms,
        grace=graces,
        package_id=packages,
        quantity=amounts,
        quantity_mode=modes,
    ),
    "PayLink": st.builds(PayLink, st.just("pi_1"), refs, perhaps_amounts, currencies),
    "Refund": st.builds(
        Refund.seen,
        st.just("re_1"),
        refs,
        perhaps_amounts,
        currencies,
        st.sampled_from([*statuses.REFUND, *strange]),
        st.sampled_from(["refund", "reversal"]),
    ),
    "RefundFloor": st.builds(RefundFloor, st.just("pi_1"), amounts, perhaps_amounts, currencies),
    "Dispute": st.builds(Dispute.seen, st.just("du_1"), refs, st.sampled_from([*statuses.DISPUTE, *strange]), versions),
    "Snapshot": st.builds(
        Snapshot.seen,
        st.just("sub_1"),
        st.sampled_from([*statuses.SUBSCRIPTION, *strange]),
        items,
        cancel_at=perhaps_moments,
        cancel_at_period_end=st.booleans(),
        ended_at=perhaps_moments,
        version=versions,
    ),
    "Cancel": st.builds(Cancel, moments, st.booleans()),
}


def test_every_fact_is_tried() -> None:
    assert set(FACTS) == {kind.__name__ for kind in Fact.__args__}


@pytest.mark.parametrize("kind", FACTS)
def test_t103_merging_is_commutative_associative_and_idempotent(kind: str) -> None:
    @settings(max_examples=200, deadline=None)
    @given(FACTS[kind], FACTS[kind], FACTS[kind])
    def laws(a: Fact, b: Fact, c: Fact) -> None:
        assert merged(a, a) == a
        assert merged(a, b) == merged(b, a)
        assert merged(merged(a, b), c) == merged(a, merged(b, c))
        assert merged(merged(a, b), b) == merged(a, b)

    laws()


@pytest.mark.parametrize("kind", FACTS)
def test_a_merge_leaves_no_field_out(kind: str) -> None:
    """A field that merging forgot would fall back to its default."""

    @settings(max_examples=100, deadline=None)
    @given(FACTS[kind])
    def kept(fact: Fact) -> None:
        assert [getattr(merged(fact, fact), field.name) for field in fields(fact)] == [
            getattr(fact, field.name) for field in fields(fact)
        ]

    kept()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_t103_a_purchase_is_gathered_the_same_from_any_order(data: st.DataObject) -> None:
    facts = data.draw(st.lists(st.one_of(*FACTS.values()), max_size=12))
    shuffled = data.draw(st.permutations([*facts, *facts[:4]]))
    assert gathered(shuffled) == gathered(facts)


def test_facts_of_different_things_are_not_merged() -> None:
    with pytest.raises(ValueError, match="different things"):
        merged(PayLink("pi_1", "in_1"), PayLink("pi_2", "in_1"))


PAID_AT = datetime(2026, 5, 5, tzinfo=UTC)


def test_t17_what_was_known_is_not_lost_to_a_later_null() -> None:
    told = Sale("cs_1", paid=True, paid_at=PAID_AT, amount_minor=4900, currency="EUR", payment_ref="pi_1")
    assert told.merged(Sale("cs_1")) == told


def test_a_line_that_is_mapped_later_is_completed() -> None:
    assert SoldLine("price_1", None, 2).merged(SoldLine("price_1", 7, 2)) == SoldLine("price_1", 7, 2)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (["pending", "requires_action"], "requires_action"),
        (["succeeded", "pending"], "succeeded"),
        (["succeeded", "failed"], "failed"),
        (["canceled", "succeeded"], "canceled"),
        (["failed", "canceled"], "failed"),
        (["hibernating"], ""),
        (["succeeded", "hibernating"], "succeeded"),
    ],
)
def test_t47_the_status_of_a_refund_is_the_furthest_that_is_known(told: list[str], status: str) -> None:
    facts: list[Fact] = [Refund.seen("re_1", "pi_1", 4900, "EUR", word) for word in told]
    assert [fact.status for fact in gathered(facts).refunds] == [status]
    assert [fact.unknown_status for fact in gathered(facts).refunds] == ["hibernating" if "hibernating" in told else ""]


def at(second: int, event_id: str = "") -> Version:
    return Version(created=PAID_AT + timedelta(seconds=second), event_id=event_id)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        pytest.param([("needs_response", at(1)), ("won", at(2))], "won", id="T51"),
        pytest.param([("won", at(1)), ("lost", at(2))], "lost", id="T55"),
        pytest.param(
            [("lost", at(1)), ("appeal_needs_response", at(1)), ("won", at(1))], "won", id="T54 in one second"
        ),
        pytest.param([("appeal_under_review", at(2)), ("lost", at(3)), ("lost", at(1))], "lost", id="T55 in the end"),
        pytest.param([("lost", Version(ticket=4)), ("won", Version(ticket=3))], "lost", id="T90"),
        pytest.param(
            [("lost", Version(ticket=1)), ("won", at(99))], "lost", id="what was read goes before what was told"
        ),
        pytest.param([("under_review", Version()), ("won", Version())], "won", id="no time told: the rank"),
        pytest.param([("lost", at(1)), ("hibernating", at(2))], "lost", id="unknown words change nothing"),
    ],
)
def test_the_status_of_a_dispute_is_the_latest(told: list[tuple[str, Version]], status: str) -> None:
    for order in (told, told[::-1]):
        (found,) = gathered(Dispute.seen("du_1", "pi_1", word, version) for word, version in order).disputes
        assert found.status == status
        assert found.needs_review == ("hibernating" in dict(told))


@pytest.mark.parametrize(
    ("told", "status"),
    [
        pytest.param([("incomplete", at(1)), ("active", at(1))], "active", id="T35"),
        pytest.param([("canceled", at(1)), ("active", at(1))], "canceled", id="T34"),
        pytest.param([("canceled", at(1)), ("active", at(9))], "canceled", id="T34 much later"),
        pytest.param([("canceled", at(5)), ("active", Version(ticket=9))], "canceled", id="T99"),
        pytest.param([("past_due", Version(ticket=2)), ("active", Version(ticket=1))], "past_due", id="T90"),
        pytest.param([("active", at(1)), ("past_due", at(2)), ("unpaid", at(3))], "unpaid", id="T24"),
        pytest.param([("active", at(1)), ("hibernating", at(2))], "active", id="unknown words change nothing"),
    ],
)
def test_the_snapshot_that_counts(told: list[tuple[str, Version]], status: str) -> None:
    for order in (told, told[::-1]):
        found = gathered(Snapshot.seen("sub_1", word, version=version) for word, version in order).snapshot
        assert found is not None
        assert found.status == status
        assert found.needs_review == ("hibernating" in dict(told))


def test_a_word_that_is_understood_later_ends_the_review() -> None:
    found = Snapshot.seen("sub_1", "hibernating", version=at(1)).merged(Snapshot.seen("sub_1", "active", version=at(2)))
    assert (found.status, found.needs_review) == ("active", False)
    disputed = Dispute.seen("du_1", "", "hibernating", at(1)).merged(Dispute.seen("du_1", "", "won", at(2)))
    assert (disputed.status, disputed.needs_review) == ("won", False)


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sale("cs_1", paid=True), "needs the moment"),
        (lambda: Sale("cs_1", amount_minor=-1), "negative"),
        (lambda: Sale("cs_1", valid_until=NAIVE), "time zone"),
        (lambda: SoldLine("", 1), "name of its own"),
        (lambda: SoldLine("price_1", 1, -1), "negative"),
        (lambda: PaidPeriod("in_1"), "needs the moment"),
        (lambda: PaidPeriod("", paid_at=PAID_AT), "name of its payment"),
        (lambda: PaidPeriod("in_1", paid_at=PAID_AT, amount_minor=-4900), "negative"),
        (lambda: PaidPeriod("in_1", paid_at=NAIVE), "time zone"),
        (lambda: PayLink("", "in_1"), "needs a payment"),
        (lambda: Refund("re_1", status="hibernating"), "not one of a refund"),
        (lambda: Refund("re_1", amount_minor=-1), "negative"),
        (lambda: RefundFloor("pi_1", -1), "negative"),
        (lambda: Dispute("du_1", status="pending"), "not one of a dispute"),
        (lambda: Snapshot("sub_1", "won"), "not one of a subscription"),
        (lambda: Snapshot("sub_1", "active", (SnapshotItem("b", 1), SnapshotItem("a", 1))), "order"),
        (lambda: Snapshot.seen("sub_1", "active", (SnapshotItem("a", 1), SnapshotItem("a", 2))), "once"),
        (lambda: SnapshotItem("", 1), "name of its own"),
        (lambda: Cancel(NAIVE), "time zone"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Fact], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_an_item_list_is_put_in_order() -> None:
    one, two = SnapshotItem("a", 1), SnapshotItem("b", 1)
    assert Snapshot.seen("sub_1", "active", (two, one)) == Snapshot.seen("sub_1", "active", (one, two))
    assert replace(Snapshot.seen("sub_1", "active", (two, one)), status="canceled").terminal
