"""Subscriptions: a key lives as long as somebody pays for it, and the days longer that a charge may take."""

from datetime import UTC, datetime, timedelta

import pytest
from support.payment_rows import row
from support.payment_shops import Shop

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (4, 5, 6))


@row("T20")
def test_a_period_that_begins_unpaid_gives_no_time(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=31)
        shop.world.turn_period(subscription)
        yield

    assert tell(story).key().expires == FIRST


@row("T21")
def test_a_paid_renewal_moves_the_same_key_without_another_mail(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=31)
        shop.world.turn_period(subscription)
        yield
        shop.world.pay(subscription)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires, len(shop.mails())) == ("active", SECOND, 1)


@row("T22")
def test_a_charge_may_take_three_days(shop):
    shop.subscribe()
    shop.deliver()
    shop.clock.now = FIRST + 71 * HOUR
    assert shop.key().stands == "grace"


@row("T23")
def test_a_key_works_on_while_the_charge_is_tried_again_and_no_longer(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=31)
        shop.world.turn_period(subscription)
        shop.clock.turn(hours=1)
        shop.world.refuse(subscription)
        yield

    shop = tell(story)
    assert "past_due" in shop.purchase().flags
    assert len(shop.mails("payment_failed")) == 1
    shop.clock.now = FIRST + 9 * DAY
    assert shop.key().stands == "grace"
    shop.clock.now = FIRST + 11 * DAY
    assert shop.key().stands == "expired"


@row("T24")
def test_what_stays_unpaid_is_suspended_until_it_is_paid(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=31)
        shop.world.turn_period(subscription)
        shop.clock.turn(hours=1)
        invoice = shop.world.refuse(subscription)
        shop.clock.turn(days=14)
        shop.world.update(subscription, status="unpaid")
        yield
        assert shop.key().stands == "suspended unpaid"
        shop.world.collect(invoice)
        shop.clock.turn(seconds=1)
        shop.world.update(subscription, status="active")
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", SECOND)
    assert len(shop.mails("key_state")) == 2


@row("T25")
@pytest.mark.parametrize("how", ["cancel_at_period_end", "cancel_at"])
def test_a_subscription_that_will_end_runs_to_its_end_without_grace(tell, how):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=3)
        change = {"cancel_at_period_end": True} if how == "cancel_at_period_end" else {}
        shop.world.update(subscription, cancel_at=int(FIRST.timestamp()), **change)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", FIRST)
    assert shop.key().works_until == FIRST + 72 * HOUR
    assert shop.purchase().flags == ["ends_at"]


@row("T26")
@pytest.mark.parametrize(("policy", "end"), [("keep_paid_period", FIRST), ("immediate", START + 3 * DAY)])
def test_one_that_ends_now_keeps_what_was_paid_or_not_as_the_seller_wants(tell, shop, policy, end):
    shop.set_account(policy={"cancel_now": policy})

    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=3)
        shop.world.end(subscription)
        yield

    assert tell(story).key().expires == end


@row("T27")
def test_a_trial_is_a_key_until_the_trial_ends(tell):
    def story(shop: Shop):
        shop.subscribe(trial_days=14)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", START + 14 * DAY)
    assert shop.key().works_until == START + 17 * DAY
    assert shop.purchase().flags == ["trial"]


@row("T28")
def test_a_trial_that_ends_without_a_card_is_paused(tell):
    def story(shop: Shop):
        subscription = shop.subscribe(trial_days=14)
        yield
        shop.clock.turn(days=14)
        shop.world.update(subscription, "paused", status="paused")
        yield

    assert tell(story).key().stands == "suspended paused"


@row("T28")
def test_a_pause_ends(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=2)
        shop.world.update(subscription, "paused", status="paused")
        yield
        shop.clock.turn(days=2)
        shop.world.update(subscription, "resumed", status="active")
        yield

    assert tell(story).key().stands == "active"


@row("T29")
def test_the_first_payment_after_a_trial_goes_on_from_it(tell):
    def story(shop: Shop):
        subscription = shop.subscribe(trial_days=14)
        yield
        shop.clock.turn(days=14)
        shop.world.turn_period(subscription)
        shop.world.update(subscription, status="active")
        shop.world.pay(subscription)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", datetime(2026, 4, 15, 12, tzinfo=UTC))
    assert len(shop.mails()) == 1


@row("T30")
def test_a_payment_before_its_session_makes_the_key_and_the_address_comes_later(shop):
    subscription = shop.subscribe(email=None)
    events = {event["type"]: event for event in shop.news()}
    early = [event for kind, event in events.items() if kind != "checkout.session.completed"]
    session = events["checkout.session.completed"]["data"]["object"]["id"]
    shop.world.get(session)["customer_details"]["email"] = None
    shop.deliver(early)
    assert (shop.key(subscription).stands, shop.key(subscription).email) == ("active", "")
    assert len(shop.mails("no_address")) == 1
    shop.world.get(session)["customer_details"]["email"] = "ann@example.com"
    shop.deliver([shop.world.emit("checkout.session.completed", session)])
    assert (shop.key().email, shop.purchase().customer_email) == ("ann@example.com", "ann@example.com")
    assert len(shop.mails()) == 1


@row("T31")
def test_the_invoice_of_a_one_time_sale_is_no_second_sale(tell):
    def story(shop: Shop):
        session = shop.buy()
        shop.world.invoice_for(session)
        yield

    shop = tell(story)
    assert shop.key().stands == "active"
    assert [event.code for event in shop.events(event_type="invoice.paid")] == ["not_a_sale"]


@row("T32")
def test_each_item_of_a_subscription_has_its_own_key_and_end(tell):
    def story(shop: Shop):
        lines = [(shop.price("Pro", 900, "month"), 1), (shop.price("Team", 9000, "year"), 1)]
        shop.world.subscribe(lines)
        yield

    shop = tell(story)
    ends = {key.package: key.expires for key in shop.sold()}
    assert ends == {"Pro": FIRST, "Team": datetime(2027, 3, 1, 12, tzinfo=UTC)}
    assert len(shop.mails()) == 1


@row("T34")
def test_what_ended_stays_so_whatever_is_told_late(shop):
    subscription = shop.subscribe()
    shop.deliver()
    shop.world.update(subscription, status="active")
    late = shop.news()
    shop.world.end(subscription)
    shop.deliver()
    shop.deliver(late)
    assert shop.purchase().flags == ["ends_at"]


@row("T35")
@pytest.mark.parametrize("reverse", [False, True])
def test_two_reports_of_one_second_end_in_the_better_word(shop, reverse):
    subscription = shop.subscribe()
    shop.deliver()
    shop.world.update(subscription, status="incomplete")
    shop.world.update(subscription, status="active")
    shop.deliver(shop.news()[:: -1 if reverse else 1])
    assert (shop.key().stands, shop.purchase().flags) == ("active", [])


@row("T36")
@pytest.mark.parametrize("shape", ["ids", "expanded"])
def test_objects_and_ids_alone_are_read_alike(shop, shape):
    subscription = shop.subscribe()
    events = shop.news()
    if shape == "expanded":
        for event in events:
            thing = event["data"]["object"]
            for name in ("customer", "subscription", "invoice"):
                if isinstance(thing.get(name), str):
                    thing[name] = shop.world.shown(thing[name])
            for item in thing.get("items", {}).get("data", []):
                item["price"] = shop.world.shown(item["price"])
    shop.deliver(events)
    assert (shop.key().ref, shop.key().stands, shop.key().expires) == (subscription, "active", FIRST)
