"""Stripe's objects, field by field: what is read where, and what is not taken for something else."""

from datetime import UTC, datetime

import pytest

from bridge.payments import stripe_objects as objects
from bridge.payments.provider import UnknownShapeError


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [
        (4900, "EUR", 4900),
        (4900, "JPY", 4900),
        (4900, "KWD", 4900),
        (4900, "ISK", 49),
        (4900, "UGX", 49),
        (49, "MGA", 4900),
        (None, "EUR", None),
        ("4900", "EUR", None),
        (True, "EUR", None),
    ],
)
def test_amounts_become_isos_minor_units(amount, code, minor):
    assert objects.minor(amount, code) == minor


@pytest.mark.parametrize(("told", "code"), [("eur", "EUR"), ("usdc", ""), (None, ""), ("zzz", ""), (7, "")])
def test_a_currency_is_one_of_isos_or_none(told, code):
    assert objects.currency({"currency": told}) == code


@pytest.mark.parametrize(
    ("value", "name"), [("cus_1", "cus_1"), ({"id": "cus_1"}, "cus_1"), (None, ""), (7, ""), ("../x", ""), ({}, "")]
)
def test_an_id_comes_alone_or_with_its_object(value, name):
    assert objects.ref(value) == name


@pytest.mark.parametrize(("value", "found"), [("a\0b", "ab"), ("\ud800", "?"), (" x ", "x"), ("y" * 900, "y" * 500)])
def test_a_text_is_one_that_databases_hold(value, found):
    assert objects.text(value) == found


@pytest.mark.parametrize("value", [None, "1", True, 10**30, float("nan")])
def test_what_is_no_time_is_none(value):
    assert objects.moment(value) is None
    with pytest.raises(UnknownShapeError, match=r"charge\.created"):
        objects.must_moment({"object": "charge", "created": value}, "created")


def test_a_time_is_seconds_since_1970():
    assert objects.moment(1772366400) == datetime(2026, 3, 1, 12, tzinfo=UTC)


OLD = {"object": "invoice", "subscription": "sub_1"}
NEW = {"object": "invoice", "parent": {"subscription_details": {"subscription": {"id": "sub_1"}}}}


@pytest.mark.parametrize(
    ("invoice", "name"),
    [
        (OLD, "sub_1"),
        (NEW, "sub_1"),
        ({"parent": None}, ""),
        ({"subscription": None, "billing_reason": "manual"}, ""),
    ],
)
def test_an_invoice_names_its_subscription_in_both_shapes(invoice, name):
    assert objects.subscription_of_invoice(invoice) == name


@pytest.mark.parametrize("invoice", [{}, {"parent": {"type": "new"}, "billing_reason": "subscription_cycle"}])
def test_an_invoice_that_should_name_one_and_does_not_is_of_an_unknown_shape(invoice):
    with pytest.raises(UnknownShapeError):
        objects.subscription_of_invoice(invoice)


def test_what_may_be_mapped_is_told_in_the_order_in_which_it_counts():
    product = {"id": "prod_1", "metadata": {"licence_package": "Team"}}
    price = {"id": "price_1", "product": product, "metadata": {"license_package": "Pro"}}
    names = (("price", "price_1"), ("metadata", "Pro"), ("product", "prod_1"), ("metadata", "Team"))
    assert objects.price_offer(price).names == names
    session = {"payment_link": "plink_1", "metadata": {"licence_package": "Pro"}}
    assert objects.session_names(session) == [("payment_link", "plink_1"), ("metadata", "Pro")]
    assert objects.price_offer("price_1", "prod_1").names == (("price", "price_1"), ("product", "prod_1"))
