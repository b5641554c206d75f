"""The page after a purchase by PayPal, where PayPal sends the buyer back to with the number of our own order."""

from urllib.parse import parse_qs, urlsplit

import pytest
from support.payment_rows import SQLITE, row
from support.paypal_shops import PayPalShop
from test_payments_paypal_asking import _buy, _order

from bridge.storage import licenses


def _code(shop: PayPalShop) -> str:
    [key] = shop.sold()
    with shop.session(read_only=True) as session:
        return licenses.codes_of(session, [key.id])[key.id][0].code


@row("T84")
@SQLITE
@pytest.mark.parametrize("told", [True, False], ids=["told", "never told"])
@pytest.mark.parametrize("kind", ["order", "subscription"])
def test_the_buyer_comes_back_to_a_page_that_has_the_key_within_a_minute(shop, kind, told):
    package = shop.package("Pro")
    if kind == "order":
        shop.sku("Pro", word="pro-2026")
    else:
        shop.plan("Pro")
    _buy(shop, package)
    order = _order(shop)
    begun = shop.world.get("checkout-order" if kind == "order" else "subscription", order.ref)
    back = urlsplit(begun["wanted"]["application_context"]["return_url"])
    extra = {"token": order.ref, "PayerID": "X"} if kind == "order" else {"subscription_id": order.ref}
    query = {name: values[0] for name, values in parse_qs(back.query).items()} | extra

    def page() -> str:
        answer = shop.client().get(back.path, query_string=query)
        assert answer.status_code == 200
        return answer.text

    assert "on its way" in page()
    if kind == "order":
        shop.world.approve(order.ref)
    else:
        shop.world.activate(order.ref)
        shop.world.pay(order.ref)
    if told:
        shop.deliver()
    else:
        assert "on its way" in page()
        shop.clock.turn(seconds=61)
        shop.work()
    assert _code(shop) in page()
