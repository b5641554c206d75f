"""What never came is found; what can't be fetched is tried again; what is old is forgotten."""

from datetime import timedelta

import pytest
from sqlmodel import select
from support.payment_rows import PULL, SQLITE, row
from support.payment_shops import Shop

from bridge.models import PaymentEvent, Purchase
from bridge.storage import erasures, payment_events

pytestmark = PULL


def _look(shop: Shop) -> None:
    """What the worker does when an hour, or a night, is over."""
    while shop.parts.payment_reconcile.run_due():
        pass
    shop.work()


@row("T86")
def test_a_sale_whose_webhook_never_came_is_found_within_the_hour(shop):
    shop.set_account(poll_at=shop.clock() + timedelta(hours=1), polled_until=shop.clock())
    shop.buy()
    event = shop.news()
    _look(shop)
    assert shop.sold() == []
    shop.clock.turn(hours=1)
    _look(shop)
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)
    assert [kept.source for kept in shop.events()] == ["poll"]
    shop.deliver(event)
    (kept,) = shop.events()
    assert (kept.deliveries, len(shop.sold()), len(shop.mails())) == (2, 1, 1)


@row("T87")
def test_what_no_event_was_ever_made_for_is_found_in_the_night(shop):
    subscription = shop.subscribe()
    shop.deliver()
    shop.clock.turn(days=1)
    shop.buy("Team")
    shop.world.get(subscription)["status"] = "unpaid"
    shop.world.events.clear()
    shop.told = 0
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert {key.package: key.stands for key in shop.sold()} == {"Pro": "suspended unpaid", "Team": "active"}
    before = len(shop.events())
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert len(shop.events()) == before
    shop.world.get(subscription)["status"] = "active"
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert shop.sold(subscription)[0].stands == "active"
    shop.world.get(subscription)["status"] = "unpaid"
    shop.set_account(sweep_at=shop.clock())
    _look(shop)
    assert shop.sold(subscription)[0].stands == "suspended unpaid"


@row("T88")
def test_what_the_account_does_not_have_makes_no_key_and_is_shown(shop):
    session = shop.buy()
    del shop.world.things[session]
    shop.deliver()
    (kept,) = shop.events()
    assert (kept.status, kept.code, shop.sold()) == ("failed", "not_theirs", [])
    assert shop.row().last_error == kept.reason
    for _ in range(12):
        shop.clock.turn(days=2)
        shop.work()
    assert [(kept.status, kept.due_at) for kept in shop.events()] == [("dead", None)]


@row("T89")
@pytest.mark.parametrize("status", [500, 429, 200])
def test_a_provider_that_is_away_is_asked_again(shop, status):
    shop.buy()
    shop.api.fail("/v1/checkout/sessions", status, times=2)
    shop.deliver()
    (kept,) = shop.events()
    assert (kept.status, kept.code, shop.sold()) == ("failed", "away", [])
    shop.clock.turn(hours=1)
    shop.work()
    shop.clock.turn(hours=1)
    shop.work()
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)


@row("T89")
def test_a_key_that_may_not_read_says_what_and_goes_on_when_it_may(shop):
    shop.buy()
    shop.api.hidden.add("checkout/sessions")
    shop.deliver()
    (kept,) = shop.events()
    assert (kept.code, "GET /v1/checkout/sessions" in kept.reason) == ("no_access", True)
    shop.api.hidden.clear()
    shop.clock.turn(minutes=1)
    shop.work()
    assert shop.key().stands == "active"


@row("T90")
def test_a_fetch_that_began_earlier_never_overwrites_one_that_began_later(shop, monkeypatch):
    subscription = shop.subscribe()
    shop.deliver()
    shop.world.update(subscription, status="unpaid")
    shop.world.update(subscription, status="active")
    slow, fast = shop.news()
    shop.deliver([slow], work=False)
    reader = shop.parts.providers["stripe"]
    real, held = type(reader).read, []

    def read(self, delivery, access, desk):
        found = real(self, delivery, access, desk)
        if delivery.event_id == slow["id"] and not held:
            held.append(delivery)
            shop.world.get(subscription)["status"] = "active"
            shop.deliver([fast])  # while the first is still on its way
        return found

    monkeypatch.setattr(type(reader), "read", read)
    shop.world.get(subscription)["status"] = "unpaid"
    shop.work()
    assert held
    assert shop.key().stands == "active"
    assert {kept.status for kept in shop.events()} == {"processed"}


@row("T85")
def test_what_was_told_is_forgotten_after_a_while_and_still_counts_once(shop):
    shop.buy()
    (event,) = shop.news()
    shop.deliver([event])
    shop.clock.turn(days=91)
    shop.parts.worker.tidy()
    (kept,) = shop.events()
    assert (kept.payload, len(kept.sha256)) == (None, 64)
    shop.deliver([event])
    assert (len(shop.events()), len(shop.sold()), len(shop.mails())) == (1, 1, 1)
    shop.clock.turn(days=400)
    shop.parts.worker.tidy()
    assert shop.events() == []


@row("T85")
def test_what_waits_is_never_forgotten(shop):
    shop.buy()
    shop.deliver(work=False)
    shop.clock.turn(days=500)
    with shop.session() as session:
        assert payment_events.redact(session, shop.clock()) == 0
        assert payment_events.forget(session, shop.clock()) == 0
    shop.work()
    assert len(shop.sold()) == 1


@SQLITE
def test_what_is_delivered_is_read_before_what_was_looked_up(shop):
    shop.set_account(poll_at=shop.clock(), polled_until=shop.clock())
    for _ in range(3):
        shop.buy()
    shop.news()
    while shop.parts.payment_reconcile.run_due():
        pass
    shop.clock.turn(seconds=1)
    session = shop.buy()
    shop.deliver(work=False)
    assert shop.parts.payment_inbox.run_next()
    assert [key.ref for key in shop.sold()] == [session]
    assert [(kept.source, kept.status) for kept in shop.events()] == [("poll", "new")] * 3 + [("webhook", "processed")]


@SQLITE
def test_while_a_provider_is_away_it_is_asked_about_one_event_a_minute_and_no_attempt_is_lost(shop):
    for _ in range(3):
        shop.buy()
    shop.api.fail("/v1/checkout/sessions", 500, times=99)
    shop.deliver()
    assert sorted((kept.status, kept.attempts) for kept in shop.events()) == [("failed", 1), ("new", 0), ("new", 0)]
    shop.clock.turn(seconds=9)
    assert not shop.parts.payment_inbox.run_next()
    shop.api._faults.clear()
    shop.clock.turn(seconds=60)
    shop.work()
    assert len(shop.sold()) == 3


@SQLITE
def test_after_a_clock_was_put_back_nothing_waits_for_it(shop):
    shop.buy()
    shop.deliver(work=False)
    shop.clock.turn(days=-30)
    shop.work()
    assert len(shop.sold()) == 1


@SQLITE
def test_what_could_not_be_read_about_a_buyer_is_blanked_with_the_buyer(shop):
    subscription = shop.subscribe()
    shop.deliver()
    links = "inpay_"  # the link of an invoice with its payment names nobody
    theirs = {kept.object_id for kept in shop.events() if not kept.object_id.startswith(links)}
    shop.buy(email="ben@example.com")
    shop.deliver()
    with shop.session() as session:
        for kept in session.exec(select(PaymentEvent)):
            kept.ref, kept.status, kept.code = "", "failed", "unknown_shape"
            session.add(kept)
    with shop.session() as session:
        bought = session.exec(select(Purchase).where(Purchase.ref == subscription)).one()
        erasures.blank_payloads(session, shop.owner_id, [bought])
    blanked = {kept.object_id for kept in shop.events() if kept.payload is None}
    assert (blanked, len(theirs) > 1, len(shop.events()) > len(blanked)) == (theirs, True, True)
