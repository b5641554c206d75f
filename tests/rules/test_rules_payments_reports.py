"""Reports of one purchase become one, and their lines what they turned out to be."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules.payments.facts import PaidPeriod, Refund, Sale, Snapshot, SnapshotItem, SoldLine
from bridge.rules.payments.reports import Buyer, Mapped, Offer, Report, filled, joined, price_doubt
from bridge.rules.terms import Term

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PRO = Mapped(7, "keys", Term("annual"), timedelta(days=3))


def test_reports_of_one_purchase_are_one_and_what_names_none_comes_last():
    loose = Report((Refund("re_1", "pi_1"),))
    first = Report((Sale("cs_1"),), "sub_1", True, Buyer("", "Ann"), {"": Offer((("price", "a"),))}, NOW)
    second = Report(
        (Snapshot("sub_1"),),
        "sub_1",
        buyer=Buyer("ann@example.com", "Annie"),
        offers={"": Offer((("price", "a"), ("product", "b"))), "si_1": Offer()},
        made_at=NOW - timedelta(days=1),
        order="o",
    )
    one, last = joined([loose, first, second])
    assert last == loose
    assert one == Report(
        (Sale("cs_1"), Snapshot("sub_1")),
        "sub_1",
        True,
        Buyer("ann@example.com", "Ann"),
        {"": Offer((("price", "a"), ("product", "b"))), "si_1": Offer()},
        NOW - timedelta(days=1),
        "o",
    )


def test_a_line_that_is_sold_once_gets_its_term_and_one_of_a_subscription_does_not():
    assert filled(SoldLine("a", None, 2), {"a": PRO}) == SoldLine("a", 7, 2, PRO.term, PRO.grace, "keys")
    period = PaidPeriod("in_1", "a", ends_at=NOW)
    assert filled(period, {"a": PRO}) == PaidPeriod("in_1", "a", ends_at=NOW, package_id=7, quantity_mode="keys")
    items = (SnapshotItem("a", None), SnapshotItem("b", None))
    found = filled(Snapshot("sub_1", "active", items), {"a": PRO})
    assert [(item.package_id, item.quantity_mode) for item in found.items] == [(7, "keys"), (None, "")]


def test_what_is_not_mapped_and_what_has_no_line_stay_as_they_are():
    for fact in (SoldLine("b", None), PaidPeriod("in_1", "b", ends_at=NOW), Refund("re_1"), Sale("cs_1")):
        assert filled(fact, {"a": PRO}) == fact


EUR = Mapped(7, amount_minor=4900, currency="EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "lines", "doubt"),
    [
        (4900, "EUR", [(1, EUR)], ""),
        (4901, "EUR", [(1, EUR)], ""),
        (4899, "EUR", [(1, EUR)], "less was paid"),
        (9799, "EUR", [(2, EUR)], "less was paid"),
        (9800, "EUR", [(1, EUR), (1, EUR), (5, Mapped())], ""),
        (4900, "JPY", [(1, EUR)], "paid in JPY, and costs EUR"),
        (4900, "", [(1, EUR)], "no currency that is known"),
        (None, "EUR", [(1, EUR)], "not told"),
        (4900, "EUR", [(1, Mapped(7))], "nobody said what line0 costs"),
        (0, "EUR", [(1, Mapped())], ""),
    ],
)
def test_what_was_paid_is_at_least_what_is_asked(amount, currency, lines, doubt):
    sale = Sale("S-1", amount_minor=amount, currency=currency)
    sold = [(SoldLine(f"line{at}", None, quantity), mapped) for at, (quantity, mapped) in enumerate(lines)]
    found = price_doubt(sale, sold)
    assert (doubt in found, bool(found)) == (True, bool(doubt))
