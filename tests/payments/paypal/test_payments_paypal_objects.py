"""PayPal's objects, field by field: what is read where, and what is not taken for something else."""

from datetime import UTC, datetime

import pytest

from bridge.errors import InvalidInputError
from bridge.payments import paypal_objects as objects
from bridge.payments import paypal_periods as periods
from bridge.payments.paypal_periods import Payment
from bridge.payments.provider import Heard, UnknownShapeError


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"value": "49.00", "currency_code": "EUR"}, (4900, "EUR")),
        ({"value": "49", "currency_code": "eur"}, (4900, "EUR")),
        ({"total": "-49.00", "currency": "EUR"}, (4900, "EUR")),
        ({"value": "4900", "currency_code": "JPY"}, (4900, "JPY")),
        ({"value": "4900.00", "currency_code": "JPY"}, (4900, "JPY")),
        ({"value": "4900.50", "currency_code": "JPY"}, (None, "JPY")),
        ({"value": "4.900", "currency_code": "KWD"}, (4900, "KWD")),
        ({"value": "4900", "currency_code": "HUF"}, (490000, "HUF")),
        ({"value": "49.001", "currency_code": "EUR"}, (None, "EUR")),
        ({"value": "NaN", "currency_code": "EUR"}, (None, "EUR")),
        ({"value": "Infinity", "currency_code": "EUR"}, (None, "EUR")),
        ({"value": "1e9999999", "currency_code": "EUR"}, (None, "EUR")),
        ({"value": "9" * 40, "currency_code": "EUR"}, (None, "EUR")),
        ({"value": 49.0, "currency_code": "EUR"}, (None, "EUR")),
        ({"value": "49.00", "currency_code": "ZZZ"}, (None, "")),
        (None, (None, "")),
    ],
)
def test_amounts_become_isos_minor_units(told, found):
    assert objects.amount(told) == found


@pytest.mark.parametrize(
    ("minor", "code", "value"), [(4900, "EUR", "49.00"), (4900, "JPY", "4900"), (490000, "HUF", "4900")]
)
def test_amounts_are_written_as_paypal_takes_them(minor, code, value):
    assert objects.written(minor, code) == {"currency_code": code, "value": value}
    assert objects.amount(objects.written(minor, code)) == (minor, code)


def test_a_part_of_what_paypal_takes_whole_is_refused():
    with pytest.raises(InvalidInputError, match="without decimals"):
        objects.written(490050, "HUF")


@pytest.mark.parametrize("value", [None, 7, "", "2018-19-12T22:20:32.000Z", "2026-03-01T12:00:00", "x" * 99])
def test_what_is_no_time_is_none(value):
    assert objects.moment(value) is None
    with pytest.raises(UnknownShapeError, match=r"the sale\.create_time"):
        objects.must_moment({"create_time": value}, "create_time", "the sale")


def test_our_word_names_package_and_order_and_another_one_itself():
    word = objects.our_word(12, "b7d0b5a0-1111-4222-8333-444444444444")
    assert objects.names_of(word) == [("metadata", "12")]
    assert (objects.is_ours(word), objects.order_in(word)) == (True, "b7d0b5a0-1111-4222-8333-444444444444")
    assert objects.names_of("Pro") == [("price", "Pro"), ("metadata", "Pro")]
    assert [objects.names_of(word) for word in (None, "", 7)] == [[], [], []]
    assert not objects.is_ours("bridge:12:x")


def test_a_refund_leads_up_to_its_capture():
    up = {"rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/8C1?x=1"}
    assert objects.capture_of({"id": "9R1", "links": [{"rel": "self", "href": "…/captures/9R1"}, up]}) == "8C1"
    assert objects.capture_of({"id": "9R1", "links": [up | {"href": "https://x/v2/checkout/orders/8C1"}]}) == ""
    assert objects.capture_of({"id": "9R1", "links": "x"}) == ""


def _plan(unit: str = "MONTH", count: int = 1, *before: dict) -> dict:
    price = {"pricing_scheme": {"fixed_price": {"value": "9.00", "currency_code": "EUR"}}}
    last = {"tenure_type": "REGULAR", "sequence": 9, "total_cycles": 0, **price}
    return {"billing_cycles": [last | {"frequency": {"interval_unit": unit, "interval_count": count}}, *before]}


def _trial(value: str, times: int = 1) -> dict:
    frequency = {"interval_unit": "WEEK", "interval_count": 1}
    price = {"pricing_scheme": {"fixed_price": {"value": value, "currency_code": "EUR"}}}
    return {"tenure_type": "TRIAL", "sequence": 1, "total_cycles": times, "frequency": frequency, **price}


def _ends(plan: dict, start: datetime, *paid_at: datetime, amount: int = 900) -> list[str]:
    paid = [Payment(f"4S{number}", at, amount, "EUR") for number, at in enumerate(paid_at)]
    reach = periods.periods("I-1", start, plan, 1, reversed(paid), Heard())
    return [f"{each.ends_at:%m-%d}" for each in reach.periods]


def _on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("plan", "paid_at", "ends"),
    [
        (_plan(), [_on(1, 31), _on(2, 28), _on(3, 31)], ["02-28", "03-31", "04-30"]),
        (_plan(), [_on(1, 1), _on(1, 30), _on(3, 6)], ["02-01", "03-01", "04-01"]),  # early, then five days late
        (_plan(), [_on(1, 1), _on(3, 1)], ["02-01", "04-01"]),  # much later: from then on
        (_plan("MONTH", 3), [_on(1, 1)], ["04-01"]),
        (_plan("WEEK", 2), [_on(1, 1)], ["01-15"]),
        (_plan("DAY", 10), [_on(1, 1), _on(1, 11)], ["01-11", "01-21"]),
        (_plan("YEAR"), [_on(1, 1)], ["01-01"]),
        (_plan("MONTH", 1, _trial("1.00", 2)), [_on(1, 1), _on(1, 8), _on(1, 15)], ["01-08", "01-15", "02-15"]),
        (_plan("MONTH", 1, _trial("0.00", 2)), [_on(1, 15)], ["01-15", "02-15"]),
    ],
)
def test_payments_reach_as_far_as_the_plan_says_whatever_order_they_are_told_in(plan, paid_at, ends):
    assert _ends(plan, _on(1, 1), *paid_at) == ends


@pytest.mark.parametrize("plan", [{}, {"billing_cycles": []}, _plan("AEON"), _plan("MONTH", 0), _plan("MONTH", 366)])
def test_a_plan_that_nobody_can_count_is_of_an_unknown_shape(plan):
    with pytest.raises(UnknownShapeError):
        _ends(plan, _on(1, 1), _on(1, 1))
