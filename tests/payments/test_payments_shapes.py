"""Shapes of Stripe's objects: old and new, whole events and thin ones, and those that nobody has seen yet."""

import pytest
from support.payment_rows import PULL, PUSH, row
from support.payment_shops import Shop, as_of_old

from bridge.payments.pretend import acacia


def _life(shop: Shop):
    subscription = shop.subscribe(quantity=2)
    yield
    shop.clock.turn(days=31)
    shop.world.renew(subscription)
    yield
    shop.clock.turn(days=10)
    shop.world.refund(shop.world.payment_of(shop.world.of_kind("invoice")[0]["id"]))
    yield
    shop.world.end(subscription)
    yield


@row("T70")
@PUSH
def test_the_shape_of_before_2025_03_31_comes_to_the_same(shop):
    for _ in _life(shop):
        shop.deliver()
    new, events = shop.conclusion(), shop.world.events
    shop.move_out()
    shop.deliver([as_of_old(event, shop.world) for event in events])
    assert shop.conclusion() == new
    assert {event.api_version for event in shop.events()} == {acacia.VERSION}


@row("T71")
def test_a_version_that_nobody_tried_is_read_and_shown(shop):
    shop.buy()
    (event,) = shop.news()
    shop.deliver([event | {"api_version": "2031-01-01.zucchini"}])
    (kept,) = shop.events()
    assert (kept.status, shop.key().stands) == ("processed", "active")
    assert "2031-01-01.zucchini" in kept.effect["alert"]


@row("T72")
@PUSH
def test_a_paid_invoice_that_names_its_subscription_nowhere_fails_and_can_be_read_again(shop):
    shop.subscribe()
    events = shop.news()
    paid = next(event for event in events if event["type"] == "invoice.paid")
    parent = paid["data"]["object"].pop("parent")
    shop.deliver(events)
    (kept,) = shop.events(event_type="invoice.paid")
    assert (kept.status, kept.code, kept.due_at) == ("failed", "unknown_shape", None)
    assert (shop.sold(), shop.row().last_error) == ([], kept.reason)
    paid["data"]["object"]["parent"] = parent
    shop.mend(kept.id, paid)
    shop.work()
    assert shop.key().stands == "active"


@row("T72")
@PUSH
@pytest.mark.parametrize("lacks", [("period",), ("current_period_end",), ("price", "pricing")], ids="-".join)
def test_what_lacks_a_part_that_matters_fails_and_is_never_guessed(shop, lacks):
    shop.subscribe()
    events = shop.news()
    for event in events:
        thing = event["data"]["object"]
        for each in [*thing.get("lines", {}).get("data", []), *thing.get("items", {}).get("data", [])]:
            for name in lacks:
                each.pop(name, None)
    shop.deliver(events)
    failed = {event.code for event in shop.events() if event.status in {"failed", "ignored"}}
    assert failed & {"unknown_shape", "unmapped"}
    assert not any(key.expires is None for key in shop.sold())


def _thin(event: dict) -> dict:
    thing = event["data"]["object"]
    return {
        "id": f"{event['id']}_thin",
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": "2026-03-01T12:00:00.000Z",
        "livemode": True,
        "related_object": {"id": thing["id"], "type": thing["object"], "url": f"/v1/x/{thing['id']}"},
    }


@row("T91")
@PULL
@pytest.mark.parametrize("both", [False, True])
def test_a_thin_event_does_as_well_and_both_have_one_effect(shop, both):
    shop.subscribe()
    events = shop.news()
    thin = [_thin(event) for event in events]
    shop.deliver([*thin, *events] if both else thin)
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)


@row("T91")
@PUSH
def test_a_thin_event_needs_a_key_and_says_so(shop):
    shop.buy()
    shop.deliver(map(_thin, shop.news()))
    (kept,) = shop.events()
    assert (kept.status, kept.code) == ("failed", "no_access")
    assert "API key" in kept.reason
