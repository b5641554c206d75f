"""What a purchase can't be, refused by field; nothing changes."""

import pytest
from support.api_keys import KEYS, refused
from support.api_purchases import AT, LIFE, PAID, SOLD, UNTIL, count, order
from support.api_world import Api

from bridge.models import Purchase

ODD = ["", " ", "a b", "a/b", "..", ".", "-a", "a%2F", "ä", "a\x00", "x" * 256, "x" * 10_000, 7, None, ["a"]]


@pytest.mark.parametrize("ref", ODD, ids=ascii)
def test_references_that_no_address_can_hold_are_refused(shared: Api, ref):
    for name in ("source", "payment_ref"):
        assert list(refused(shared.post(KEYS, order(shared, **{name: ref})), 422, "invalid")) == [name]


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"source": ...}, "source"),
        ({"payment_ref": ...}, "payment_ref"),
        ({"source": ..., "payment_ref": ...}, "paid_at"),
        ({"amount": "49.001"}, "amount"),
        ({"amount": "49", "currency": "XXX"}, "amount"),
        ({"amount": "49.5", "currency": "JPY"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": 49}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "9" * 40}, "amount"),
        ({"amount": ...}, "amount"),
        ({"currency": ...}, "amount"),
        ({"currency": "eur"}, "currency"),
        ({"paid_at": "2026-03-03T00:00:00Z"}, "paid_at"),
        ({"paid_at": "1999-03-03T00:00:00Z"}, "paid_at"),
        ({"valid_until": PAID}, "valid_until"),
        ({"expires_at": UNTIL}, "expires_at"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1001}, "quantity"),
        ({"customer_email": "nobody"}, "customer_email"),
        ({"paid": "yes"}, "paid"),
        ({"test": None}, "test"),
    ],
    ids=str,
)
def test_what_can_not_be_is_refused_by_field(shared: Api, stated, field):
    before = count(shared, Purchase)
    answer = shared.post(KEYS, order(shared, **{"payment_ref": "odd"} | stated))
    assert list(refused(answer, 422, "invalid")) == [field]
    assert count(shared, Purchase) == before


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("periods", {}, "period_ref"),
        ("periods", {"period_ref": "a/b"}, "period_ref"),
        ("periods", {"period_ref": "a", "amount": "1"}, "amount"),
        ("periods", {"period_ref": "a", "paid_at": "2099-01-01T00:00:00Z"}, "paid_at"),
        ("periods", {"period_ref": "a", "paid_until": "tomorrow"}, "paid_until"),
        ("refunds", {"refund_ref": "r"}, "status"),
        ("refunds", {"refund_ref": "r", "status": "gone"}, "status"),
        ("refunds", {"refund_ref": "r", "status": "failed", "amount": "1.001"}, "amount"),
        ("refunds", {"refund_ref": "r", "status": "failed", "payment_ref": ""}, "payment_ref"),
        ("disputes", {"dispute_ref": "d", "status": "LOST"}, "status"),
        ("disputes", {"dispute_ref": "d", "status": "lost", "at": 5}, "at"),
        ("cancel", {"at": "never"}, "at"),
        ("cancel", {"immediate": "yes"}, "immediate"),
        ("cancel", {"cancel": True}, "cancel"),
    ],
    ids=str,
)
def test_what_can_not_be_told_is_refused_by_field(shared: Api, what, body, field):
    shared.post(KEYS, order(shared))
    shown = shared.get(AT).get_json()
    assert list(refused(shared.post(f"{AT}/{what}", body), 422, "invalid")) == [field]
    assert shared.get(AT).get_json() == shown


@pytest.mark.parametrize("at", ["shop/none", "nowhere/G-123", "shop/G-123%2F", "shop/..", "shop/a b", "-/x"])
def test_a_purchase_that_is_not_there_is_not_found(shared: Api, at):
    shared.post(KEYS, order(shared))
    refused(shared.get(f"{SOLD}/{at}"), 404, "not_found")
    for what, body in LIFE[:1]:
        refused(shared.post(f"{SOLD}/{at}/{what}", body), 404, "not_found")
