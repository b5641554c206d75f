"""What facts make of the keys of a subscription, and of keys that are older than their purchase."""

from datetime import datetime, timedelta

import pytest

from bridge.rules.payments.facts import (
    Cancel,
    Dispute,
    Fact,
    PaidPeriod,
    PayLink,
    Sale,
    Snapshot,
    SnapshotItem,
    Version,
)
from bridge.rules.payments.outcome import Flag, outcome
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import gathered
from bridge.rules.payments.slots import Held, Slot
from tests.support.payment_facts import (
    ANNUAL,
    FIRST,
    FIRST_END,
    GRACE,
    LEEWAY,
    PAID_AT,
    SECOND,
    SECOND_END,
    day,
    dispute,
    invoice,
    of,
    only,
    refund,
    subscription,
)


@pytest.mark.parametrize(
    ("facts", "paid_until", "span", "hold", "flags"),
    [
        pytest.param([*FIRST, subscription("active", FIRST_END)], FIRST_END, LEEWAY + GRACE, "", set(), id="T22"),
        pytest.param(
            [*FIRST, subscription("active", day("2027-02-28"))], FIRST_END, LEEWAY + GRACE, "", set(), id="T20"
        ),
        pytest.param([*FIRST, *SECOND, subscription("active")], SECOND_END, LEEWAY + GRACE, "", set(), id="T21"),
        pytest.param([*FIRST, subscription("past_due")], FIRST_END, LEEWAY + GRACE, "", {Flag.PAST_DUE}, id="T23"),
        pytest.param([*FIRST, subscription("unpaid")], FIRST_END, LEEWAY, "unpaid", set(), id="T24"),
        pytest.param(
            [*FIRST, subscription("active", FIRST_END, cancel_at_period_end=True)],
            FIRST_END,
            LEEWAY,
            "",
            {Flag.ENDS_AT},
            id="T25",
        ),
        pytest.param(
            [*FIRST, subscription("past_due", FIRST_END, cancel_at=FIRST_END)],
            FIRST_END,
            LEEWAY,
            "",
            {Flag.ENDS_AT, Flag.PAST_DUE},
            id="T25 flexible",
        ),
        pytest.param(
            [*FIRST, subscription("canceled", FIRST_END, ended_at=day("2026-02-10"))],
            FIRST_END,
            LEEWAY,
            "",
            {Flag.ENDS_AT},
            id="T26 keep",
        ),
        pytest.param(
            [*invoice(1, PAID_AT, FIRST_END, amount=0), subscription("trialing", FIRST_END)],
            FIRST_END,
            LEEWAY,
            "",
            {Flag.TRIAL},
            id="T27",
        ),
        pytest.param(
            [*invoice(1, PAID_AT, FIRST_END, amount=0), subscription("paused")],
            FIRST_END,
            LEEWAY,
            "paused",
            set(),
            id="T28",
        ),
        pytest.param(
            [*invoice(1, PAID_AT, FIRST_END, amount=0), *SECOND, subscription("active")],
            SECOND_END,
            LEEWAY + GRACE,
            "",
            set(),
            id="T29",
        ),
        pytest.param(
            [*invoice(1, PAID_AT, day("2027-01-31")), subscription("active", FIRST_END)],
            FIRST_END,
            LEEWAY + GRACE,
            "",
            set(),
            id="T64",
        ),
        pytest.param(
            [*FIRST, *SECOND, subscription("canceled", None)], SECOND_END, LEEWAY, "", {Flag.ENDS_AT}, id="T98 T99"
        ),
        pytest.param(
            [*FIRST, *SECOND, refund(4900, "pi_2"), subscription("active", FIRST_END, cancel_at=FIRST_END)],
            FIRST_END,
            LEEWAY,
            "",
            {Flag.ENDS_AT},
            id="T44",
        ),
        pytest.param(
            [*FIRST, *SECOND, refund(4900, "pi_2"), subscription("active")],
            FIRST_END,
            LEEWAY + GRACE,
            "",
            {Flag.STILL_RENEWING},
            id="T46 two invoices",
        ),
    ],
)
def test_how_long_a_subscription_lasts(
    facts: list[Fact], paid_until: datetime, span: timedelta, hold: str, flags: set[Flag]
) -> None:
    found = only(*facts)
    assert found.paid_until == paid_until
    assert found.works_until == paid_until + span
    assert (found.hold, found.reason) == ("suspend" if hold else None, hold)
    assert found.flags == flags


def test_t46_a_refunded_subscription_lives_again_with_its_next_invoice() -> None:
    undone = only(*FIRST, refund(4900), subscription("active", FIRST_END))
    assert (undone.hold, undone.reason, undone.paid_until, undone.works_until) == ("revoke", "refunded", PAID_AT, None)
    assert Flag.STILL_RENEWING in undone.flags
    again = only(*FIRST, refund(4900), *SECOND, subscription("active"))
    assert (again.hold, again.paid_until, again.flags) == (None, SECOND_END, set())


def test_the_payment_of_a_sale_that_opened_a_subscription_is_its_first_invoices() -> None:
    sale = Sale("cs_1", paid=True, paid_at=PAID_AT, subscription_ref="sub_1", invoice_ref="in_1")
    for name in ("", "cs_1", "in_1", "pi_1"):
        assert only(sale, *FIRST, refund(4900, name)).reason == "refunded"
        assert only(sale, *FIRST, *SECOND, refund(4900, name)).paid_until == SECOND_END


@pytest.mark.parametrize("order", [1, -1])
def test_t56_a_dispute_reaches_its_subscription_by_links_that_come_last(order: int) -> None:
    lost = dispute("lost", payment="ch_1")
    facts = [*FIRST, subscription("active"), *lost]
    assert only(*facts).hold is None
    links = [PayLink("ch_1", "inpay_1"), PayLink("inpay_1", "in_1")]
    assert only(*facts, *links[::order]).reason == "chargeback"


def test_a_charge_that_was_told_goes_before_the_sum_of_the_lines() -> None:
    """49.00 less a credit of 30.00 was charged: 19.00 back is all of it."""
    paid = PaidPeriod("in_1", "si_1", PAID_AT, FIRST_END, PAID_AT, 4900, "EUR", package_id=7)
    assert only(paid, refund(1900, "in_1")).flags == {Flag.PARTIAL_REFUND}
    assert only(paid, PayLink("pi_1", "in_1", 1900, "EUR"), refund(1900)).reason == "refunded"


def test_an_invoice_is_refunded_when_all_its_lines_are() -> None:
    two = [
        *invoice(1, PAID_AT, FIRST_END),
        PaidPeriod("in_1", "si_2", PAID_AT, FIRST_END, PAID_AT, 900, "EUR", package_id=8),
    ]
    facts = [fact for fact in two if not isinstance(fact, PayLink)]
    assert {each.hold for each in of(*facts, refund(4900, "in_1")).slots.values()} == {None}
    assert {each.hold for each in of(*facts, refund(5800, "in_1")).slots.values()} == {"revoke"}
    untold = of(*facts, PaidPeriod("in_1", "si_3", PAID_AT, FIRST_END, package_id=9), refund(5800, "in_1"))
    assert {each.hold for each in untold.slots.values()} == {None}
    assert untold.reviews == ("the payment in_1 was refunded in part or as a whole: its amount is not known",)


@pytest.mark.parametrize(
    ("cancel_now", "paid_until"), [("keep_paid_period", FIRST_END), ("immediate", day("2026-02-10"))]
)
def test_t26_cancelled_at_once(cancel_now: str, paid_until: datetime) -> None:
    ended = subscription("canceled", FIRST_END, ended_at=day("2026-02-10"))
    policy = Policy(cancel_now=cancel_now)  # type: ignore[arg-type]
    assert only(*FIRST, ended, policy=policy).paid_until == paid_until
    # A shop tells the same in its own way.
    assert only(*FIRST, Cancel(day("2026-02-10")), policy=policy).paid_until == paid_until


def test_t32_each_item_has_its_own_end() -> None:
    items = (SnapshotItem("si_1", 7, 1, FIRST_END), SnapshotItem("si_2", 8, 1, day("2027-01-31")))
    yearly = PaidPeriod("in_1", "si_2", PAID_AT, day("2027-01-31"), PAID_AT, 9900, "EUR", package_id=8)
    found = of(*FIRST, yearly, Snapshot.seen("sub_1", "active", items, version=Version(ticket=1)))
    assert {slot.line_ref: (each.package_id, each.paid_until) for slot, each in found.slots.items()} == {
        "si_1": (7, FIRST_END),
        "si_2": (8, day("2027-01-31")),
    }


def test_t60_t61_seats_that_are_given_up_sleep_and_wake() -> None:
    held = {Slot("si_1", number): Held(7) for number in range(1, 6)}
    fewer = of(*FIRST, subscription("active", quantity=3), held=held)
    assert [each.reason for each in fewer.slots.values()] == ["", "", "", "seat_removed", "seat_removed"]
    again = of(*FIRST, subscription("active", quantity=5), held=held)
    assert {each.hold for each in again.slots.values()} == {None}


def test_t66_an_item_that_is_gone_sleeps_and_keeps_its_package() -> None:
    found = of(*FIRST, subscription("active"), held={Slot("si_0", 1): Held(9)})
    assert found.slots[Slot("si_0", 1)].reason == "seat_removed"
    assert found.slots[Slot("si_0", 1)].package_id == 9


def test_t63_another_price_is_another_package_for_the_same_key() -> None:
    upgraded = Snapshot.seen("sub_1", "active", (SnapshotItem("si_1", 8, 1, FIRST_END),), version=Version(ticket=6))
    found = of(*FIRST, subscription("active"), upgraded, held={Slot("si_1", 1): Held(7)})
    assert {slot: each.package_id for slot, each in found.slots.items()} == {Slot("si_1", 1): 8}


def test_a_price_that_is_not_mapped_leaves_the_key_as_it_is() -> None:
    unmapped = Snapshot.seen("sub_1", "active", (SnapshotItem("si_1", None, 1, FIRST_END),), version=Version(ticket=6))
    held = {Slot("si_1", 1): Held(7)}
    (key,) = of(*FIRST, unmapped, held=held).slots.values()
    assert (key.package_id, key.hold, key.paid_until) == (7, None, FIRST_END)
    reviewed = of(*FIRST, unmapped, held=held, policy=Policy(unmapped="review"))
    assert reviewed.reviews == ("the line si_1 is not mapped to a package",)


def test_holds_by_rank() -> None:
    """Each row of the table, worst first, given all that stand below it."""
    seat = {Slot("si_1", 2): Held(7)}
    status = subscription("unpaid")
    ladder: list[tuple[str, list[Fact]]] = [
        ("seat_removed", [*FIRST, subscription("active")]),
        ("unpaid", [*FIRST, status]),
        ("dispute", [*FIRST, status, *dispute("needs_response")]),
        ("chargeback", [*FIRST, status, Dispute.seen("du_2", "pi_1", "lost"), *dispute("needs_response")]),
        ("refunded", [*FIRST, status, Dispute.seen("du_2", "pi_1", "lost"), refund(4900)]),
    ]
    for reason, facts in ladder:
        assert of(*facts, held=seat).slots[Slot("si_1", 2)].reason == reason


OWNED = day("2026-12-24")


@pytest.mark.parametrize(
    ("owned_until", "told", "paid_until", "reason"),
    [
        pytest.param(OWNED, [], OWNED, "", id="nothing yet"),
        pytest.param(OWNED, [*FIRST], OWNED, "", id="the later counts: owned"),
        pytest.param(OWNED, invoice(1, OWNED, day("2027-12-24")), day("2027-12-24"), "", id="the later counts: paid"),
        pytest.param(OWNED, [*FIRST, subscription("active", FIRST_END)], OWNED, "", id="no bound for what was owned"),
        pytest.param(OWNED, [*FIRST, refund(4900)], OWNED, "", id="a refund takes only what was paid"),
        pytest.param(None, [*FIRST, subscription("active")], None, "", id="owned for ever"),
        pytest.param(OWNED, [*FIRST, subscription("unpaid")], OWNED, "unpaid", id="yet it follows the subscription"),
        pytest.param(OWNED, [*FIRST, *dispute("lost")], OWNED, "chargeback", id="and its disputes"),
    ],
)
def test_a_key_that_was_there_before_is_extended(
    owned_until: datetime | None, told: list[Fact], paid_until: datetime | None, reason: str
) -> None:
    held = (
        {Slot("si_1", 1): Held(7, adopted=True, owned_until=owned_until)}
        if told
        else {Slot("", 1): Held(7, True, OWNED)}
    )
    found = outcome(gathered(told, subscription=True), Policy(), held)
    (key,) = found.slots.values()
    assert (key.paid_until, key.reason, key.package_id) == (paid_until, reason, 7)
    assert found.reviews == ()


def test_an_adopted_key_is_renewed_from_what_it_had() -> None:
    renewal = PaidPeriod("R-1", paid_at=day("2026-12-01"), term=ANNUAL)
    found = of(renewal, held={Slot("", 1): Held(7, adopted=True, owned_until=OWNED)})
    assert found.slots[Slot("", 1)].paid_until == day("2027-12-24")
    late = PaidPeriod("R-1", paid_at=day("2027-12-01"), term=ANNUAL)
    found = of(late, held={Slot("", 1): Held(7, adopted=True, owned_until=OWNED)})
    assert found.slots[Slot("", 1)].paid_until == day("2028-12-01")


def test_an_adopted_key_that_nothing_pays_for_is_looked_at() -> None:
    held = {Slot("si_1", 1): Held(7, True, OWNED), Slot("", 2): Held(7, True, OWNED)}
    found = of(*FIRST, held=held)
    assert found.reviews == ("a key was adopted that no line of the purchase pays for",)
    assert found.slots[Slot("", 2)].hold is None
