"""What strangers leave behind who know an account's address: little, and not for ever."""

import json
from datetime import timedelta

from support.payment_rows import SQLITE
from support.paypal_shops import PayPalShop

from bridge.services import payment_door
from bridge.storage import payment_events


def _event(shop: PayPalShop) -> dict:
    """The delivery of a capture."""
    shop.buy()
    return next(each for each in shop.news() if each["event_type"] == "PAYMENT.CAPTURE.COMPLETED")


def _body(event: dict) -> bytes:
    return json.dumps(event).encode()


@SQLITE
def test_what_nobody_has_proven_is_kept_without_its_text_and_only_so_many_wait(shop, monkeypatch):
    monkeypatch.setattr(payment_door, "MOST_UNPROVEN", 2)
    event = _event(shop)
    bodies = [_body(event | {"id": f"WH-{number}"}) for number in range(4)]
    assert [shop.post(body) for body in bodies] == [200, 200, 503, 503]
    assert [kept.payload for kept in shop.events()] == [None, None]
    shop.work()
    assert [shop.post(body) for body in bodies[2:]] == [200, 200]
    shop.work()
    assert ([kept.status for kept in shop.events()], len(shop.sold())) == (["processed"] * 4, 1)


@SQLITE
def test_what_means_nothing_and_may_be_anybodys_does_not_pile_up(shop, monkeypatch):
    monkeypatch.setattr(payment_door, "MOST_UNPROVEN", 2)
    event = _event(shop)
    for number in range(4):
        assert shop.post(_body(event | {"id": f"WH-{number}", "event_type": "BRIDGE.TEST"})) == 200
    assert [(kept.code, kept.proof) for kept in shop.events()] == [("other_type", {})] * 2
    shop.deliver([event])
    assert len(shop.sold()) == 1


@SQLITE
def test_a_delivery_that_came_before_paypal_was_to_check_it_is_checked_here(shop):
    body = _body(_event(shop))
    assert shop.post(body, headers=shop.api.headers(body, "9W6", shop.clock())) == 200
    shop.set_account(policy={"verify_mode": "postback"})
    shop.work()
    assert (shop.sold(), shop.row().bad_signatures) == ([], 1)


@SQLITE
def test_what_failed_for_good_is_forgotten_like_everything_else(shop):
    shop.set_account(policy={"verify_mode": "both"})
    sold = _event(shop)
    shop.api.fail("/v2/payments/captures", 500)
    shop.deliver([sold])
    shop.deliver([sold | {"id": "WH-2", "resource": {"id": "8C0000000099999"}}])
    with shop.session() as session:
        dead = payment_events.by_id(session, shop.events()[1].id)
        dead.due_at = None  # after its last attempt
        session.add(dead)
    with shop.session() as session:
        assert payment_events.redact(session, shop.clock() + timedelta(days=1)) == 1
    assert [kept.payload is None for kept in shop.events()] == [False, True]
    with shop.session() as session:
        assert payment_events.forget(session, shop.clock() + timedelta(days=1)) == 1
    assert [kept.code for kept in shop.events()] == ["away"]
