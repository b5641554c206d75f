"""PayPal is asked: for sales that begin here, and for what never came."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from support.payment_rows import SQLITE, row
from support.paypal_shops import PRICE, PayPalShop

from bridge.models import PaymentOrder
from bridge.services import payment_earlier


def _buy(shop: PayPalShop, package: int, **more):
    return shop.client().get(f"/-/licensing/buy/{shop.account.endpoint}/{package}", **more)


def _order(shop: PayPalShop) -> PaymentOrder:
    with shop.session(read_only=True) as session:
        (found,) = session.exec(select(PaymentOrder)).all()
        return found


@row("T97")
def test_a_link_begins_an_order_whose_money_is_taken_once_its_buyer_agrees(tell, shop):
    package = shop.package("Pro")
    shop.sku("Pro", word="pro-2026")
    answer = _buy(shop, package)
    order = _order(shop)
    begun = shop.world.get("checkout-order", order.ref)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{shop.api.base_url}/pay/{order.ref}")
    unit = begun["wanted"]["purchase_units"][0]
    assert unit["custom_id"] == f"bridge:{package}:{order.id}"
    assert (unit["invoice_id"], unit["amount"]["value"], begun["intent"]) == (order.id, "49.00", "CAPTURE")
    assert begun["wanted"]["application_context"]["return_url"].endswith(f"?session_id={order.id}")
    shop.world.approve(order.ref)
    approved = shop.news()
    shop.deliver(approved)
    assert (shop.key().stands, shop.purchase().wanted["order"]) == ("active", order.id)
    shop.deliver()
    shop.deliver(approved)
    assert len(shop.sold()) == len(shop.mails()) == 1
    assert len(shop.world.things["capture"]) == 1


@row("T93")
def test_what_somebody_writes_like_us_is_paid_as_it_is_asked_or_not_sold(shop):
    package = shop.package("Pro")
    shop.sku("Pro", word="pro-2026")
    _buy(shop, package)
    word = f"bridge:{package}:{_order(shop).id}"
    shop.world.approve(shop.world.order([("", 1, 1)], custom_id=word))
    shop.deliver()
    assert {event.code for event in shop.events()} == {"mismatch"}
    assert shop.sold() == []


@SQLITE
def test_what_a_sale_was_begun_with_counts_though_the_price_is_raised_meanwhile(shop):
    package = shop.package("Pro")
    shop.sku("Pro", word="pro-2026")
    _buy(shop, package)
    shop.costs["pro-2026"] = (PRICE * 2, "EUR")
    shop.map("pro-2026", "Pro")
    shop.world.approve(_order(shop).ref)
    shop.deliver()
    assert shop.key().stands == "active"


@SQLITE
def test_a_link_begins_a_subscription_where_the_price_is_a_plan(shop):
    package = shop.package("Pro")
    plan = shop.plan("Pro")
    assert _buy(shop, package).status_code == 303
    order = _order(shop)
    begun = shop.world.get("subscription", order.ref)
    assert (begun["plan_id"], begun["custom_id"]) == (plan, f"bridge:{package}:{order.id}")
    shop.world.activate(order.ref)
    shop.world.pay(order.ref)
    shop.deliver()
    assert (shop.key(order.ref).stands, shop.purchase().wanted["order"]) == ("active", order.id)


@SQLITE
def test_a_word_without_a_price_is_not_for_sale_here_and_nobody_is_asked(shop):
    package = shop.package("Pro")
    shop.map("word", "Pro", "price")
    assert _buy(shop, package).status_code in {409, 503}
    assert not [each for each in shop.api.asked if "orders" in each]


def _look(shop: PayPalShop) -> None:
    while shop.parts.payment_reconcile.run_due():
        pass
    shop.work()


@row("T86")
@SQLITE
def test_a_sale_whose_webhook_never_came_is_found_within_the_hour(shop):
    shop.set_account(poll_at=shop.clock() + timedelta(hours=1), polled_until=shop.clock())
    for _ in range(60):
        shop.world.emit("CATALOG.PRODUCT.CREATED", "product", shop.world.product("x"))  # more than a page of others
    shop.buy()
    told = shop.news()
    _look(shop)
    assert shop.sold() == []
    shop.clock.turn(hours=1)
    _look(shop)
    assert (shop.key().stands, {kept.source for kept in shop.events()}) == ("active", {"poll"})
    shop.deliver(told[-2:])
    assert (len(shop.sold()), len(shop.mails())) == (1, 1)


@row("T87")
@SQLITE
def test_what_no_event_was_ever_made_for_is_found_in_the_night(shop):
    shop.sku("Team")
    subscription = shop.subscribe()
    shop.deliver()
    shop.clock.turn(days=1)
    order = shop.buy("Team")
    shop.world.get("subscription", subscription)["status"] = "SUSPENDED"
    shop.world.events.clear()
    shop.told = 0
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert {key.ref: key.stands for key in shop.sold()} == {subscription: "suspended paused", order: "active"}
    before = len(shop.events())
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert len(shop.events()) == before
    shop.world.refund(shop.world.payment_of(order))
    shop.world.pay(subscription)
    shop.world.events.clear()
    shop.world.get("subscription", subscription)["status"] = "ACTIVE"
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert {key.ref: key.stands for key in shop.sold()} == {subscription: "active", order: "revoked refunded"}
    assert shop.key(subscription).expires == datetime(2026, 5, 1, 12, tzinfo=UTC)  # the second payment
    shop.world.refund_sale(list(shop.world.things["sale"])[-1])
    shop.world.events.clear()
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert shop.key(subscription).expires == datetime(2026, 4, 1, 12, tzinfo=UTC)


@row("T87")
@SQLITE
def test_an_app_that_may_not_search_transactions_still_sees_subscriptions(shop):
    shop.subscribe()
    shop.world.events.clear()
    shop.api.hidden.add("/v1/reporting")
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert shop.key().stands == "active"
    assert "/v1/reporting/transactions" in shop.row().last_error


@row("T88")
@SQLITE
def test_what_the_account_does_not_have_makes_no_key_and_is_shown(shop):
    order = shop.buy()
    del shop.world.things["checkout-order"][order]
    shop.deliver()
    assert {kept.code for kept in shop.events()} == {"not_theirs"}
    assert shop.sold() == []


@row("T93")
@pytest.mark.parametrize("known", [True, False])
def test_a_person_may_accept_what_was_paid_all_the_same(shop, known):
    shop.sku()
    order = shop.world.order([("pro", 1, PRICE)], total=PRICE // 2)
    shop.world.approve(order)
    if known:
        shop.deliver()
    shop.world.capture(order)
    shop.deliver()
    assert shop.sold() == []
    with shop.session() as session:
        payment_earlier.accept(session, shop.row(), order, shop.tester, shop.clock())
    shop.work()
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)
