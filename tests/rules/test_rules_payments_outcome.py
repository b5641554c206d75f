"""What facts make of the key of a sale: paid, renewed, refunded, disputed."""

from datetime import datetime, timedelta

import pytest

from bridge.rules.payments.facts import (
    Cancel,
    Fact,
    PaidPeriod,
    PayLink,
    Refund,
    RefundFloor,
    SoldLine,
)
from bridge.rules.payments.outcome import Flag
from bridge.rules.payments.policy import Policy, default
from bridge.rules.terms import Term
from tests.support.payment_facts import (
    ANNUAL,
    FIRST,
    FIRST_END,
    LIFETIME,
    PAID_AT,
    SECOND_END,
    day,
    dispute,
    of,
    only,
    refund,
    sold,
    subscription,
)


@pytest.mark.parametrize(
    ("facts", "status", "keys"),
    [
        pytest.param(sold(), "paid", 1, id="T01"),
        pytest.param(sold(paid=False, paid_at=None), "pending", 0, id="T03"),
        pytest.param([*sold(paid=False, paid_at=None), *sold()], "paid", 1, id="T04"),
        pytest.param(sold(paid=False, paid_at=None, failed=True), "failed", 0, id="T05"),
        pytest.param([*sold(paid=False, paid_at=None, failed=True), *sold()], "paid", 1, id="T05 and paid then"),
        pytest.param(sold(amount_minor=0, payment_ref=""), "paid", 1, id="T06"),
        pytest.param([SoldLine("shirt", None, 2, ANNUAL), *sold()], "paid", 1, id="T15 mixed cart"),
        pytest.param([SoldLine("shirt", None, 2, ANNUAL), sold()[1]], "paid", 0, id="T15"),
        pytest.param([subscription("incomplete")], "pending", 0, id="an incomplete subscription"),
        pytest.param([subscription("incomplete_expired")], "failed", 0, id="a subscription that never was"),
        pytest.param([subscription("active")], "pending", 0, id="active is not paid"),
        pytest.param(FIRST, "paid", 1, id="T30 the invoice comes first"),
        pytest.param([*FIRST, subscription("incomplete")], "paid", 1, id="T35 a late word"),
        pytest.param([refund(4900)], "pending", 0, id="T33 a refund of nothing known"),
    ],
)
def test_what_is_paid_has_its_keys(facts: list[Fact], status: str, keys: int) -> None:
    found = of(*facts)
    assert (found.status, len(found.slots)) == (status, keys)


@pytest.mark.parametrize(
    ("term", "changed", "paid_until"),
    [
        (ANNUAL, {}, day("2027-01-31")),
        (Term("monthly"), {}, FIRST_END),
        (LIFETIME, {}, None),
        (LIFETIME, {"valid_until": SECOND_END}, SECOND_END),
        (None, {"valid_until": SECOND_END}, SECOND_END),
        (ANNUAL, {"starts_at": day("2026-06-01")}, day("2027-06-01")),
        (Term("custom", until=day("2026-12-31")), {}, day("2026-12-31")),
    ],
)
def test_a_sale_lasts_for_its_term_or_until_what_was_stated(
    term: Term | None, changed: dict[str, object], paid_until: datetime | None
) -> None:
    found = only(*sold(term, **changed))
    assert (found.paid_until, found.works_until, found.hold) == (paid_until, None, None)
    assert found.starts_at == changed.get("starts_at", PAID_AT)


def test_a_custom_term_says_where_it_starts() -> None:
    assert only(*sold(Term("custom", starts=day("2026-05-01"), until=day("2026-12-31")))).starts_at == day("2026-05-01")


@pytest.mark.parametrize(
    ("term", "paid_until"),
    [(Term("custom", until=day("2020-01-01")), day("2020-01-01")), (Term("days", 9 * 10**6), None)],
)
def test_a_term_that_cannot_be_counted_is_looked_at_by_a_person(term: Term, paid_until: datetime | None) -> None:
    found = of(*sold(term))
    (key,) = found.slots.values()
    assert key.paid_until == (paid_until or day("9999-12-31"))
    assert found.reviews == ("the term of the line price_1 can't be counted",)
    assert key.flags == found.flags == {Flag.NEEDS_REVIEW}


@pytest.mark.parametrize(
    ("paid_at", "paid_until"),
    [
        pytest.param("2026-12-01", "2028-01-31", id="before the expiry: on from there"),
        pytest.param("2027-02-02", "2028-01-31", id="in grace: on from there"),
        pytest.param("2027-02-03", "2028-02-03", id="later: from the payment"),
        pytest.param("2029-07-01", "2030-07-01", id="a paid renewal never leaves a key expired"),
    ],
)
def test_a_renewal_by_one_term(paid_at: str, paid_until: str) -> None:
    """The grace is that of the sale: the package may have changed since."""
    renewal = PaidPeriod("R-1", paid_at=day(paid_at), term=ANNUAL, grace=timedelta(days=3))
    assert only(*sold(), renewal).paid_until == day(paid_until)


def test_renewals_are_chained_by_their_payments_and_not_by_their_arrival() -> None:
    early = PaidPeriod("R-2", paid_at=day("2026-12-01"), term=ANNUAL)
    late = PaidPeriod("R-1", paid_at=day("2028-05-01"), term=ANNUAL)
    stated = PaidPeriod("R-3", ends_at=day("2027-06-30"), paid_at=day("2026-12-02"))
    assert only(*sold(), late, stated, early).paid_until == day("2029-05-01")
    assert only(*sold(), stated, early).paid_until == day("2028-01-31")
    assert only(*sold(), stated).paid_until == day("2027-06-30")


def test_a_gap_begins_the_chain_of_months_anew() -> None:
    """A month on from 30 June is 31 July in a chain that began on 31 May, and not 30 July as in the first one."""
    monthly = Term("monthly")
    stated = PaidPeriod("R-1", starts_at=day("2026-05-31"), ends_at=day("2026-06-30"), paid_at=day("2026-05-31"))
    renewal = PaidPeriod("R-2", paid_at=day("2026-06-20"), term=monthly)
    assert only(*sold(monthly, paid_at=day("2026-01-30")), stated, renewal).paid_until == day("2026-07-31")


def test_a_renewal_without_a_term_of_its_own_takes_the_lines() -> None:
    assert only(*sold(), PaidPeriod("R-1", paid_at=day("2026-12-01"))).paid_until == day("2028-01-31")
    found = of(sold()[1], PaidPeriod("R-1", "price_1", paid_at=day("2026-12-01"), package_id=7))
    assert found.reviews == ("the term of the line price_1 can't be counted",)


def test_a_custom_term_that_is_over_can_be_paid_again_but_is_looked_at() -> None:
    renewal = PaidPeriod("R-1", paid_at=day("2028-01-01"), term=Term("custom", until=day("2026-12-31")))
    found = of(*sold(Term("custom", until=day("2026-12-31"))), renewal)
    assert [each.paid_until for each in found.slots.values()] == [day("2026-12-31")]
    assert found.needs_review


@pytest.mark.parametrize(
    ("told", "hold", "reason", "flags"),
    [
        pytest.param([refund(1960)], None, "", {Flag.PARTIAL_REFUND}, id="T40"),
        pytest.param([refund(1960), refund(2940, name="re_2")], "revoke", "refunded", set(), id="T41"),
        pytest.param([RefundFloor("pi_1", 1960, 4900)], None, "", {Flag.PARTIAL_REFUND}, id="T42 a part"),
        pytest.param([RefundFloor("pi_1", 4900, 4900)], "revoke", "refunded", set(), id="T42 all"),
        pytest.param([refund(2500), RefundFloor("pi_1", 2500, 4900)], None, "", {Flag.PARTIAL_REFUND}, id="T43"),
        pytest.param([refund(4900)], "revoke", "refunded", set(), id="T45 before it failed"),
        pytest.param([refund(4900), refund(4900, status="failed")], None, "", set(), id="T45"),
        pytest.param([refund(4900, status="failed"), RefundFloor("pi_1", 4900, 4900)], None, "", set(), id="T45 floor"),
        pytest.param([refund(4900, status="canceled")], None, "", set(), id="a refund that was called off"),
        pytest.param([refund(4900, status="pending")], "revoke", "refunded", set(), id="money that is leaving"),
        pytest.param([refund(None)], "revoke", "refunded", set(), id="all of it"),
        pytest.param([refund(None, payment="")], "revoke", "refunded", set(), id="the sale's own payment"),
        pytest.param([refund(4900, payment="cs_1")], "revoke", "refunded", set(), id="by the name of the sale"),
        pytest.param([refund(4900, status="hibernating")], None, "", {Flag.NEEDS_REVIEW}, id="T47"),
        pytest.param(
            [refund(4900), PayLink("pi_1", "cs_1", 4900), RefundFloor("pi_1", 0, 4900)],
            "revoke",
            "refunded",
            set(),
            id="a charge told twice",
        ),
        pytest.param([refund(4900, payment="pi_9")], None, "", set(), id="T33 another payment's"),
        pytest.param([refund(4900, payment="ch_1"), PayLink("ch_1", "pi_1")], "revoke", "refunded", set(), id="T49"),
        pytest.param([PayLink("a", "b"), PayLink("b", "a"), refund(4900, payment="a")], None, "", set(), id="a circle"),
        pytest.param(dispute("needs_response"), "suspend", "dispute", set(), id="T50"),
        pytest.param(dispute("needs_response", "won"), None, "", set(), id="T51"),
        pytest.param(dispute("needs_response", "lost"), "revoke", "chargeback", set(), id="T52"),
        pytest.param(dispute("warning_needs_response"), None, "", {Flag.INQUIRY}, id="T53"),
        pytest.param(dispute("warning_needs_response", "warning_closed"), None, "", set(), id="T53 closed"),
        pytest.param(dispute("lost", "appeal_under_review"), "suspend", "dispute", set(), id="T54"),
        pytest.param(dispute("lost", "appeal_under_review", "won"), None, "", set(), id="T54 won"),
        pytest.param(dispute("lost", "appeal_needs_response", "lost"), "revoke", "chargeback", set(), id="T55"),
        pytest.param(dispute("hibernating"), None, "", {Flag.NEEDS_REVIEW}, id="T58"),
        pytest.param(dispute("lost", payment=""), "revoke", "chargeback", set(), id="of the whole purchase"),
        pytest.param(dispute("lost", payment="pi_9"), None, "", set(), id="T33 another payment's dispute"),
        pytest.param([*dispute("needs_response"), refund(4900)], "revoke", "refunded", set(), id="refunds go first"),
    ],
)
def test_what_happens_to_the_money_of_a_sale(told: list[Fact], hold: str | None, reason: str, flags: set[Flag]) -> None:
    found = only(*sold(), *told)
    assert (found.hold, found.reason, found.flags) == (hold, reason, flags)
    assert found.paid_until == (PAID_AT if reason == "refunded" else day("2027-01-31"))


def test_t48_a_reversal_is_undone_by_a_dispute_that_was_won() -> None:
    reversal = Refund.seen("re_1", "pi_1", 4900, "EUR", "succeeded", "reversal")
    assert only(*sold(), reversal).reason == "refunded"
    assert only(*sold(), reversal, *dispute("needs_response")).reason == "refunded"
    assert only(*sold(), reversal, *dispute("needs_response", "won")).hold is None
    assert only(*sold(), refund(4900), *dispute("needs_response", "won")).reason == "refunded"


@pytest.mark.parametrize(
    ("amount_minor", "told", "reason", "review"),
    [
        pytest.param(0, refund(0), "", "", id="nothing was charged"),
        pytest.param(
            None, refund(1000), "", "the payment of the sale was refunded in part or as a whole", id="unknown"
        ),
        pytest.param(None, refund(None), "refunded", "", id="unknown, but all of it"),
        pytest.param(4900, Refund("re_1", "", 4900, "JPY", "succeeded"), "", "in JPY, its payment in EUR", id="T93"),
    ],
)
def test_amounts_that_cannot_be_compared_revoke_nothing(
    amount_minor: int | None, told: Refund, reason: str, review: str
) -> None:
    found = of(*sold(amount_minor=amount_minor), told)
    assert [each.reason for each in found.slots.values()] == [reason]
    assert review in "".join(found.reviews)
    assert found.needs_review == bool(review)


@pytest.mark.parametrize(
    ("policy", "hold", "paid_until"),
    [
        ("ignore", None, day("2027-01-31")),
        ("prorate", None, day("2026-09-07")),  # 40 % of 365 days are 146
        ("revoke", "revoke", PAID_AT),
    ],
)
def test_a_partial_refund_by_policy(policy: str, hold: str | None, paid_until: datetime) -> None:
    found = only(*sold(), refund(1960), policy=Policy(partial_refund=policy))  # type: ignore[arg-type]
    assert (found.hold, found.paid_until) == (hold, paid_until)
    assert Flag.PARTIAL_REFUND in found.flags


def test_a_part_of_a_large_amount_is_counted_exactly() -> None:
    """A year times 10¹³ is more than a timedelta holds."""
    found = only(*sold(amount_minor=10**13), refund(1), policy=Policy(partial_refund="prorate"))
    assert found.paid_until == day("2027-01-31") - timedelta(microseconds=4)


def test_a_key_without_end_cannot_be_prorated() -> None:
    assert only(*sold(LIFETIME), refund(1960), policy=Policy(partial_refund="prorate")).paid_until is None


def test_an_open_dispute_may_be_left_to_people() -> None:
    found = only(*sold(), *dispute("needs_response"), policy=Policy(dispute_open="ignore"))
    assert (found.hold, found.flags) == (None, {Flag.INQUIRY})
    assert only(*sold(), *dispute("lost"), policy=Policy(dispute_open="ignore")).reason == "chargeback"


def test_a_refunded_sale_leaves_what_was_renewed() -> None:
    renewal = PaidPeriod("R-1", paid_at=day("2026-12-01"), amount_minor=4900, term=ANNUAL)
    assert only(*sold(), renewal, refund(4900)).paid_until == day("2027-12-01")
    assert only(*sold(), renewal, refund(4900, "R-1")).paid_until == day("2027-01-31")
    assert only(*sold(), renewal, refund(4900), refund(4900, "R-1", name="re_2")).reason == "refunded"


def test_a_shop_may_end_even_paid_time() -> None:
    found = only(*sold(LIFETIME), Cancel(day("2026-06-01"), immediate=True))
    assert (found.paid_until, found.flags) == (day("2026-06-01"), {Flag.ENDS_AT})
    assert only(*sold(LIFETIME), Cancel(day("2026-06-01"))).paid_until is None


@pytest.mark.parametrize(("provider", "days"), [("stripe", 7), ("paypal", 12), ("generic", 7)])
def test_the_policy_that_an_account_begins_with(provider: str, days: int) -> None:
    policy = default(provider)  # type: ignore[arg-type]
    assert (policy.grace, policy.leeway) == (timedelta(days=days), timedelta(hours=72))
    assert (policy.partial_refund, policy.dispute_open, policy.cancel_now) == ("ignore", "suspend", "keep_paid_period")
    with pytest.raises(ValueError, match="negative"):
        Policy(leeway=timedelta(hours=-1))
