"""A link to buy a package: it begins a sale at Stripe and leads there; what is paid there comes back as any sale."""

import pytest
from sqlmodel import select
from support.payment_rows import PULL, SQLITE
from support.payment_shops import OTHER, Shop

from bridge.models import PaymentOrder, PriceMap
from bridge.payments.pretend import paying
from bridge.storage import payment_accounts

pytestmark = PULL


@pytest.fixture
def pro(shop: Shop) -> int:
    """A package with a price."""
    number = shop.package("Pro")
    shop.price("Pro")
    return number


def _buy(shop: Shop, package: int, **more):
    return shop.client().get(f"/-/licensing/buy/{shop.account.endpoint}/{package}", **more)


def _orders(shop: Shop) -> list[PaymentOrder]:
    with shop.session(read_only=True) as session:
        return list(session.exec(select(PaymentOrder)))


def test_a_link_begins_a_sale_that_is_known_when_it_comes_back(shop, pro):
    answer = _buy(shop, pro)
    (order,) = _orders(shop)
    session = shop.world.get(order.ref)
    assert (answer.status_code, answer.headers["Location"]) == (303, session["url"])
    assert session["client_reference_id"] == order.id
    assert session["metadata"] == {"licence_package": str(pro), "bridge_order": order.id}
    assert session["wanted"]["payment_intent_data"]["metadata"] == session["metadata"]
    assert session["success_url"].endswith(f"/thanks/{shop.account.endpoint}?session_id={{CHECKOUT_SESSION_ID}}")
    session |= {"status": "complete", "payment_status": "paid"}
    session["payment_intent"] = shop.world.payment(4900, "eur")
    session["customer_details"] = {"email": "ann@example.com", "name": "Ann"}
    shop.deliver([shop.world.emit("checkout.session.completed", order.ref)])
    assert (shop.key().stands, shop.purchase().wanted["order"]) == ("active", order.id)


def test_a_price_that_recurs_begins_a_subscription(shop):
    package = shop.package("Pro")
    price = shop.price("Pro", 900, "month")
    with shop.session() as session:
        row = PriceMap(account_id=shop.account.id, match_type="price", match_value=price, package_id=package)
        row.recurring = True
        payment_accounts.put_map(session, row)
    assert _buy(shop, package).status_code == 303
    wanted = shop.world.get(_orders(shop)[0].ref)["wanted"]
    assert (wanted["mode"], wanted["subscription_data"]["metadata"]["licence_package"]) == (
        "subscription",
        str(package),
    )


def test_several_prices_are_chosen_by_name(shop, pro):
    other = shop.price("Pro", 9900)
    assert _buy(shop, pro).status_code == 409
    assert _buy(shop, pro, query_string={"price": other}).status_code == 303
    assert _buy(shop, pro, query_string={"price": "price_unknown"}).status_code == 409
    assert [order.price_ref for order in _orders(shop)] == [other]


def test_nothing_is_sold_that_is_not_the_owners_or_not_for_sale(shop, pro):
    foreign = shop.connect(OTHER, secret="whsec_other")
    client = shop.client()
    assert client.get(f"/-/licensing/buy/{foreign.endpoint}/{pro}").status_code == 404
    for number in (999999, 2**31, 99999999999999999999):
        assert client.get(f"/-/licensing/buy/{shop.account.endpoint}/{number}").status_code == 404
    for endpoint in ("%00", f"{shop.account.endpoint[:-1]}%00", "x"):
        assert client.get(f"/-/licensing/buy/{endpoint}/{pro}").status_code == 404
        assert client.post(f"/-/licensing/hooks/stripe/{endpoint}", data=b"{}").status_code == 404
    shop.set_account(status="paused")
    assert _buy(shop, pro).status_code == 404
    assert _orders(shop) == []


def test_looking_buys_nothing_and_neither_does_a_cancelled_sale(shop, pro):
    address = f"/-/licensing/buy/{shop.account.endpoint}/{pro}"
    assert shop.client().head(address).status_code == 200
    assert "Nothing was bought" in shop.client().get(f"{address}/cancelled").text
    assert _orders(shop) == []


def test_a_buyer_who_can_not_be_led_there_is_asked_to_try_again(shop, pro):
    shop.api.fail("/v1/checkout/sessions", 500, times=9)
    answer = _buy(shop, pro)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert [order.ref for order in _orders(shop)] == [""]


def test_one_visitor_does_not_begin_sales_without_end(shop, pro):
    answers = [_buy(shop, pro).status_code for _ in range(22)]
    assert answers == [303] * 20 + [429] * 2
    shop.clock.turn(minutes=2)
    assert _buy(shop, pro).status_code == 303


@SQLITE
def test_sales_that_nobody_paid_are_forgotten_after_a_while_and_paid_ones_are_not(shop, pro):
    for _ in range(2):
        _buy(shop, pro)
    paid, _ = _orders(shop)
    paying.pay(shop.world, paid.ref, "ann@example.com", "Ann")
    shop.deliver()
    assert len(shop.sold()) == 1
    shop.clock.turn(days=89)
    shop.parts.worker.tidy()
    assert len(_orders(shop)) == 2
    shop.clock.turn(days=2)
    shop.parts.worker.tidy()
    assert [order.id for order in _orders(shop)] == [paid.id]
