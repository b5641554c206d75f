"""Money that goes back takes its key along, as far as it goes back; and the key returns when the money does."""

from datetime import UTC, datetime

import pytest
from support.payment_rows import PUSH, row
from support.payment_shops import Shop

FIRST, SECOND = datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC)


def without_refund_events(events: list[dict]) -> list[dict]:
    """What an endpoint is told that was made before ``refund.*`` events were."""
    return [event for event in events if not event["type"].startswith("refund.")]


@row("T33")
def test_a_refund_that_is_heard_of_before_its_sale_waits_for_it(shop):
    session = shop.buy()
    sale = shop.news()
    shop.world.refund(shop.world.payment_of(session))
    shop.deliver()
    shop.deliver(sale)
    assert shop.key().stands == "revoked refunded"


@row("T33")
@PUSH
def test_a_dispute_that_is_heard_of_before_its_invoice_waits_for_it(shop):
    subscription = shop.subscribe()
    sale = shop.news()
    invoice = shop.world.of_kind("invoice")[0]["id"]
    shop.world.dispute(shop.world.payment_of(invoice))
    shop.deliver()
    assert shop.sold() == []
    shop.deliver(reversed(sale))
    assert (shop.key().ref, shop.key().stands) == (subscription, "suspended dispute")


@row("T40")
def test_a_part_that_goes_back_leaves_the_key_and_is_shown(tell):
    def story(shop: Shop):
        session = shop.buy()
        yield
        shop.world.refund(shop.world.payment_of(session), 1960)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.purchase().flags) == ("active", ["partial_refund"])


@row("T40")
@pytest.mark.parametrize(
    ("policy", "stands", "expires"),
    [("revoke", "revoked refunded", None), ("prorate", "active", datetime(2026, 10, 6, 12, tzinfo=UTC))],
)
def test_a_part_that_goes_back_takes_what_the_seller_says(shop, policy, stands, expires):
    shop.set_account(policy={"partial_refund": policy})
    session = shop.buy()
    shop.world.refund(shop.world.payment_of(session), 1960)
    shop.deliver()
    assert shop.key().stands == stands
    assert expires in {None, shop.key().expires}


@row("T41")
def test_parts_that_add_up_to_all_of_it_take_the_key(tell):
    def story(shop: Shop):
        session = shop.buy()
        yield
        shop.world.refund(shop.world.payment_of(session), 1960)
        yield
        assert shop.key().stands == "active"
        shop.world.refund(shop.world.payment_of(session), 2940)
        yield

    assert tell(story).key().stands == "revoked refunded"


@row("T42")
@pytest.mark.parametrize(("parts", "stands"), [([1960], "active"), ([1960, 2940], "revoked refunded")])
def test_what_the_charge_says_of_its_refunds_does_as_well(shop, parts, stands):
    session = shop.buy()
    for part in parts:
        shop.world.refund(shop.world.payment_of(session), part)
    shop.deliver(without_refund_events(shop.news()))
    assert shop.key().stands == stands
    assert ("partial_refund" in shop.purchase().flags) == (stands == "active")


@row("T43")
def test_a_refund_that_is_told_in_two_ways_counts_once(tell):
    def story(shop: Shop):
        session = shop.buy()
        yield
        shop.world.refund(shop.world.payment_of(session), 2450)
        yield

    assert tell(story).key().stands == "active"


@row("T44")
def test_a_renewal_that_goes_back_takes_its_own_time_only(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        yield
        shop.clock.turn(days=31)
        invoice = shop.world.renew(subscription)
        yield
        assert shop.key().expires == SECOND
        shop.world.refund(shop.world.payment_of(invoice))
        yield

    shop = tell(story)
    assert (shop.key().expires, shop.key().reason) == (FIRST, "")


@row("T45")
def test_a_refund_that_fails_after_all_gives_the_key_back(tell):
    def story(shop: Shop):
        session = shop.buy()
        yield
        refund = shop.world.refund(shop.world.payment_of(session))
        yield
        assert shop.key().stands == "revoked refunded"
        shop.world.refund_becomes(refund, "failed")
        shop.world.get(shop.world.get(refund)["charge"])["amount_refunded"] = 0
        yield

    shop = tell(story)
    assert shop.key().stands == "active"
    assert len(shop.mails("key_state")) == 2


@row("T46")
def test_a_subscription_that_goes_on_after_its_money_went_back_is_told_to_the_seller(tell):
    def story(shop: Shop):
        subscription = shop.subscribe()
        invoice = shop.world.of_kind("invoice")[0]["id"]
        yield
        shop.world.refund(shop.world.payment_of(invoice))
        yield
        assert shop.key().stands == "revoked refunded"
        assert len(shop.mails("still_renewing")) == 1
        shop.clock.turn(days=31)
        shop.world.renew(subscription)
        yield

    shop = tell(story)
    assert (shop.key().stands, shop.key().expires) == ("active", SECOND)


@row("T47")
def test_a_word_for_a_refund_that_nobody_knows_changes_nothing_and_is_looked_at(shop):
    session = shop.buy()
    shop.deliver()
    shop.world.refund(shop.world.payment_of(session), status="hovering")
    events = shop.news()
    shop.deliver([event for event in events if event["type"] == "refund.created"])
    assert (shop.key().stands, shop.purchase().needs_review) == ("active", True)
    assert "hovering" in shop.purchase().reviews[0]
    assert len(shop.mails("review")) == 1
