"""Subscriptions by PayPal: a key reaches as far as its payments do, by the plan's interval and our own record."""

from datetime import UTC, datetime, timedelta

import pytest
from support.payment_rows import SQLITE, row
from support.paypal_shops import PayPalShop

from bridge.services import payment_earlier
from bridge.storage.audits import Actor

DAY = timedelta(days=1)
FIRST, SECOND, THIRD = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (4, 5, 6))


@SQLITE
def test_a_payment_makes_a_key_and_each_further_one_moves_it(tell):
    def story(shop: PayPalShop):
        subscription = shop.subscribe()
        yield
        assert (shop.key().stands, shop.key().expires) == ("active", FIRST)
        shop.clock.turn(days=31)
        shop.world.pay(subscription)
        yield
        assert shop.key().expires == SECOND
        shop.clock.now = SECOND + 5 * DAY  # paid late, and the period is the same
        shop.world.fail_charge(subscription)
        yield
        assert shop.key().stands == "grace"
        shop.clock.turn(days=5)
        shop.world.pay(subscription)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires, len(shop.mails())) == ("active", THIRD, 1)
    assert (shop.key().email, len(shop.mails("payment_failed"))) == ("ann@example.com", 1)


@row("T98")
def test_a_subscription_that_is_cancelled_at_once_has_what_was_paid(tell):
    def story(shop: PayPalShop):
        subscription = shop.subscribe()
        shop.clock.turn(hours=2)
        shop.world.becomes(subscription, "CANCELLED")
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", FIRST)
    assert "ends_at" in shop.purchase().flags
    shop.clock.now = FIRST + 4 * DAY
    assert shop.key().stands == "expired"  # nothing is collected any more, so there is no grace


@row("T99")
def test_a_payment_that_is_told_after_the_end_counts_and_brings_nothing_back(tell):
    def story(shop: PayPalShop):
        subscription = shop.subscribe()
        yield
        shop.clock.now = FIRST
        shop.world.pay(subscription)
        late = shop.news()
        shop.world.becomes(subscription, "CANCELLED")
        yield
        shop.world.events += late
        yield

    shop = tell(story)
    assert shop.key().expires == SECOND
    assert "ends_at" in shop.purchase().flags
    shop.clock.now = SECOND + 10 * DAY
    assert shop.key().stands == "expired"


@SQLITE
def test_what_stays_unpaid_is_suspended_until_it_is_active_again(tell):
    def story(shop: PayPalShop):
        subscription = shop.subscribe()
        yield
        shop.clock.now = FIRST
        for _ in range(3):
            shop.world.fail_charge(subscription)
            shop.clock.turn(days=5)
        shop.world.becomes(subscription, "SUSPENDED")
        yield
        assert shop.key().stands == "suspended unpaid"
        shop.world.pay(subscription)
        shop.world.becomes(subscription, "ACTIVE", "ACTIVATED")
        yield

    assert tell(story).key().stands == "active"


@SQLITE
def test_a_subscription_that_its_seller_pauses_is_suspended(tell):
    def story(shop: PayPalShop):
        subscription = shop.subscribe()
        yield
        shop.world.becomes(subscription, "SUSPENDED")
        yield

    assert tell(story).key().stands == "suspended paused"


@SQLITE
def test_a_status_that_nobody_knows_changes_nothing_and_is_looked_at(shop):
    subscription = shop.subscribe()
    shop.deliver()
    shop.world.becomes(subscription, "HIBERNATING", "UPDATED")
    shop.deliver()
    assert (shop.key().stands, shop.purchase().needs_review) == ("active", True)


@SQLITE
def test_a_free_trial_makes_a_key_until_it_ends_and_the_first_payment_goes_on_from_there(tell):
    def story(shop: PayPalShop):
        plan = shop.plan(trial_days=14)
        subscription = shop.subscribe(plan=plan)
        yield
        trial_end = datetime(2026, 3, 15, 12, tzinfo=UTC)
        assert (shop.key().expires, shop.purchase().flags) == (trial_end, ["trial"])
        shop.clock.turn(days=14, hours=1)
        shop.world.pay(subscription)
        yield

    assert tell(story).key().expires == datetime(2026, 4, 15, 12, tzinfo=UTC)


@SQLITE
def test_a_plan_of_three_months_reaches_three_months_and_a_fee_gives_no_time(tell):
    def story(shop: PayPalShop):
        plan = shop.plan(count=3, setup_minor=5000)
        subscription = shop.world.begin(plan)
        shop.world.emit("BILLING.SUBSCRIPTION.CREATED", "subscription", subscription)
        shop.world.activate(subscription)
        shop.world.pay(subscription, 5000)
        shop.clock.turn(seconds=5)
        shop.world.pay(subscription)
        yield

    assert tell(story).key().expires == datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC)


@SQLITE
def test_another_plan_of_the_same_subscription_is_the_same_key_of_the_other_package(shop):
    subscription = shop.subscribe()
    team = shop.plan("Team", 9900)
    shop.deliver()
    shop.clock.turn(days=2)
    shop.world.revise(subscription, plan_id=team, quantity="3")
    shop.deliver()
    assert (shop.key().package, shop.key().stands) == ("Team", "active")


def _months(shop: PayPalShop) -> str:
    """A subscription that was paid for three months, each of which was told."""
    subscription = shop.subscribe()
    shop.deliver()
    for month in (FIRST, SECOND):
        shop.clock.now = month
        shop.world.pay(subscription)
        shop.deliver()
    assert shop.key().expires == THIRD
    return subscription


@SQLITE
def test_months_stay_months_where_the_plan_becomes_a_yearly_one_and_the_other_way_round(shop):
    subscription = _months(shop)
    year = shop.plan(amount=9000, interval="YEAR")
    shop.world.revise(subscription, plan_id=year)
    shop.deliver()
    assert (shop.key().expires, shop.purchase().reviews) == (THIRD, [])
    shop.clock.now = THIRD
    shop.world.pay(subscription)
    shop.deliver()
    assert shop.key().expires == datetime(2027, 6, 1, 12, tzinfo=UTC)
    shop.world.revise(subscription, plan_id=shop.plan())
    shop.clock.now = datetime(2027, 6, 1, 12, tzinfo=UTC)
    shop.world.pay(subscription)
    shop.deliver()
    assert (shop.key().expires, shop.purchase().reviews) == (datetime(2027, 7, 1, 12, tzinfo=UTC), [])


@SQLITE
def test_a_month_that_is_told_after_the_plan_became_a_yearly_one_gives_no_year(shop):
    subscription = _months(shop)
    shop.clock.now = THIRD
    shop.world.pay(subscription)
    shop.world.revise(subscription, plan_id=shop.plan(amount=9000, interval="YEAR"))
    shop.deliver()
    assert (shop.key().expires, shop.purchase().needs_review) == (THIRD, True)
    assert "less than the plan costs now" in shop.purchase().reviews[0]
    shop.clock.turn(days=20)
    shop.world.pay(subscription)
    shop.deliver()
    assert (shop.key().expires.year, shop.purchase().needs_review) == (2027, True)
    with shop.session() as session:
        payment_earlier.accept(session, shop.row(), subscription, Actor("test"), shop.clock())
    shop.work()
    assert (shop.key().expires.year, shop.purchase().needs_review) == (2027, False)


@SQLITE
def test_what_cost_as_much_before_costs_enough_after_the_price_was_raised(shop):
    plan = shop.plan()
    subscription = shop.subscribe(plan=plan)
    shop.deliver()
    shop.clock.now = FIRST
    shop.world.pay(subscription)
    price = shop.world.get("plan", plan)["billing_cycles"][0]["pricing_scheme"]
    price["fixed_price"] = {"currency_code": "EUR", "value": "19.00"}
    shop.deliver()
    assert (shop.key().expires, shop.purchase().needs_review) == (SECOND, False)


@SQLITE
def test_a_subscription_of_before_with_another_plan_is_accepted_without_a_year_for_each_month(shop):
    subscription = shop.subscribe()
    for month in (FIRST, SECOND):
        shop.clock.now = month
        shop.world.pay(subscription)
    shop.world.revise(subscription, plan_id=shop.plan(amount=9000, interval="YEAR"))
    shop.deliver()
    assert ({event.code for event in shop.events()}, shop.sold()) == ({"mismatch"}, [])
    with shop.session() as session:
        payment_earlier.accept(session, shop.row(), subscription, Actor("test"), shop.clock())
    shop.work()
    assert (shop.key().stands, shop.key().expires) == ("active", datetime(2027, 5, 1, 12, tzinfo=UTC))


@SQLITE
def test_a_plan_that_the_buyer_changed_sells_nothing_until_a_person_looked(shop):
    plan = shop.plan()
    subscription = shop.world.begin(plan)
    shop.world.get("subscription", subscription)["plan_overridden"] = True
    shop.world.activate(subscription)
    shop.world.pay(subscription, 1)
    shop.deliver()
    assert {event.code for event in shop.events()} == {"mismatch"}
    assert shop.sold() == []


@SQLITE
@pytest.mark.parametrize("word", ["pro", "Pro", "bridge:{package}:11111111-1111-4111-8111-111111111111"])
def test_the_word_of_a_buyers_button_makes_no_cheap_plan_a_package(shop, word):
    shop.sku("Pro", 99900)
    cheap = shop.world.plan(shop.world.product("Tips"), 100)
    shop.subscribe(plan=cheap, custom_id=word.format(package=shop.tiers["Pro"]))
    shop.deliver()
    assert {event.code for event in shop.events()} == {"unmapped"}
    assert shop.sold() == []


@row("T49")
@pytest.mark.parametrize("reversal", [False, True])
def test_a_payment_that_goes_back_is_found_though_the_event_does_not_name_it(tell, reversal):
    def story(shop: PayPalShop):
        subscription = shop.subscribe()
        yield
        shop.clock.now = FIRST
        sale = shop.world.pay(subscription)
        yield
        assert shop.key().expires == SECOND
        shop.world.refund_sale(sale, reversal=reversal, named=False)
        yield

    shop = tell(story)
    assert (shop.key().expires, shop.key().reason) == (FIRST, "")


@row("T49")
def test_a_reversal_whose_payment_nobody_tells_is_left_to_a_person(shop):
    subscription = shop.subscribe()
    sale = next(iter(shop.world.things["sale"]))
    shop.deliver()
    refund = shop.world.refund_sale(sale, reversal=True, named=False)
    shop.world.get("sale-refund", refund).update(sale_id=None, links=[])
    shop.deliver()
    kept = shop.events()[-1]
    assert (kept.status, kept.code, shop.key(subscription).stands) == ("failed", "unknown_shape", "active")


@SQLITE
def test_a_dispute_about_a_payment_of_a_subscription_is_found(tell):
    def story(shop: PayPalShop):
        shop.subscribe()
        yield
        shop.world.dispute(next(iter(shop.world.things["sale"])))
        yield

    assert tell(story).key().stands == "suspended dispute"
