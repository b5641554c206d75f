"""The door: only what is signed comes in, it comes in once, and what is wrong with it is no secret and no crash."""

import io
import json
import logging
from datetime import timedelta

import pytest
import stripe
from support.payment_rows import PUSH, row
from support.payment_shops import OTHER, SECRET, Shop

from bridge.payments import stripe_signature
from bridge.rules.access import Code

pytestmark = PUSH


def _event(shop: Shop) -> dict:
    shop.buy()
    return shop.news()[0]


def _signed(shop: Shop, body: bytes, secret: str = SECRET, **ahead: float) -> str:
    return stripe_signature.sign(body, secret, shop.clock() + timedelta(**ahead))


@row("T73")
@pytest.mark.parametrize("account_is_live", [True, False])
def test_an_event_of_the_other_mode_is_kept_and_ignored(shop, account_is_live):
    shop.set_account(mode="live" if account_is_live else "test")
    event = _event(shop) | {"livemode": not account_is_live}
    shop.deliver([event])
    (kept,) = shop.events()
    assert (kept.status, kept.code, kept.payload, shop.sold()) == ("ignored", "wrong_mode", None, [])


@row("T74")
def test_a_test_purchase_makes_a_marked_key_that_opens_nothing(shop):
    shop.set_account(mode="test")
    shop.deliver([_event(shop) | {"livemode": False}])
    assert (shop.key().is_test, shop.purchase().is_test) == (True, True)
    decision = shop.decide(shop.key().id)
    assert (decision.allowed, decision.code) == (False, Code.TEST_KEY)
    assert shop.decide(shop.key().id, allow_test_keys=True).allowed


SIGNATURES = {
    "wrong secret": lambda shop, body: _signed(shop, body, "whsec_another"),
    "missing": lambda _shop, _body: "",
    "v0 only": lambda shop, body: _signed(shop, body).replace("v1=", "v0="),
    "garbage": lambda _shop, _body: "t=,v1=;;;=,,",
    "no time": lambda shop, body: _signed(shop, body).partition(",")[2],
    "two times": lambda shop, body: f"t=1,{_signed(shop, body)}",
    "non-ASCII": lambda _shop, _body: "t=1,v1=\xe4\xf6",
    "another body": lambda shop, body: _signed(shop, body + b" "),
    "two headers joined": lambda shop, body: f"{_signed(shop, body, 'x')},{_signed(shop, body, 'y')}",
    "endless": lambda shop, body: _signed(shop, body) + ",v1=0" * 5000,
}


@row("T75")
@pytest.mark.parametrize("kind", SIGNATURES)
def test_what_is_not_signed_is_refused_and_counted(shop, kind):
    body = json.dumps(_event(shop)).encode()
    assert shop.post(body, header=SIGNATURES[kind](shop, body)) == 400
    assert (shop.events(), shop.sold()) == ([], [])
    shop.parts.payment_door.close()
    assert (shop.row().bad_signatures, shop.row().stale_signatures) == (1, 0)


JUNK = {
    "no UTF-8": b'{"id": "\xff"}',
    "no JSON": b"hello",
    "an array": b"[]",
    "null": b"null",
    "a number": b"7",
    "names twice": b'{"object": "event", "object": "event", "id": "evt_1"}',
    "another object": b'{"object": "charge", "id": "ch_1"}',
    "no object": b'{"object": "event", "id": "evt_1", "type": "invoice.paid", "data": {}}',
    "a path for an id": b'{"object": "event", "id": "evt_1", "type": "invoice.paid", "data": {"object": {"id": "../x"}}}',
    "deep": b"[" * 100_000,
    "a NUL": b"\x00",
    "empty": b"",
}


@row("T75")
@pytest.mark.parametrize("kind", JUNK)
def test_signed_junk_is_kept_as_failed_and_answered(shop, kind):
    assert shop.post(JUNK[kind]) == 200
    assert shop.post(JUNK[kind]) == 200
    shop.work()
    (kept,) = shop.events()
    assert (kept.status, kept.code, kept.deliveries) == ("failed", "unreadable", 2)
    assert shop.sold() == []


@row("T76")
def test_an_old_delivery_is_refused_and_counted_apart_and_a_future_one_is_fine(shop):
    shop.set_account(policy={"tolerance_s": 300})
    body = json.dumps(_event(shop)).encode()
    assert shop.post(body, header=_signed(shop, body, seconds=-301)) == 400
    assert shop.post(body, header=_signed(shop, body, seconds=-299)) == 200
    assert shop.post(body, header=_signed(shop, body, days=3650)) == 200
    shop.parts.payment_door.close()
    assert (shop.row().bad_signatures, shop.row().stale_signatures) == (0, 1)


@row("T77")
def test_while_a_secret_is_renewed_both_count_and_the_old_one_ends(shop):
    event = _event(shop)
    body = json.dumps(event).encode()
    old, new = _signed(shop, body), _signed(shop, body, "whsec_the0new0one")
    assert [shop.post(body, header=header) for header in (old, new)] == [200, 400]
    shop.renew_secret("whsec_the0new0one")
    both = f"{old},{new.partition(',')[2]}"
    assert [shop.post(body, header=header) for header in (old, new, both)] == [200, 200, 200]
    shop.clock.turn(hours=25)
    later_old, later_new = _signed(shop, body), _signed(shop, body, "whsec_the0new0one")
    assert [shop.post(body, header=header) for header in (later_old, later_new)] == [400, 200]


def test_our_signature_is_stripes_own(shop):
    body = json.dumps(_event(shop))
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET, int(shop.clock().timestamp()))
    assert header == stripe_signature.sign(body.encode(), SECRET, shop.clock())
    assert stripe.WebhookSignature.verify_header(body, header, SECRET)
    assert shop.post(body.encode(), header=header) == 200


@row("T78")
def test_no_secret_and_nothing_about_the_buyer_is_logged(shop, caplog):
    caplog.set_level(logging.DEBUG)
    event = _event(shop)
    body = json.dumps(event).encode()
    shop.post(body, header=_signed(shop, body, "whsec_wrong"))
    shop.post(b"ann@example.com")
    shop.api.fail("/v1/checkout", 500, times=9)
    shop.deliver([event])
    shop.clock.turn(days=1)
    shop.work()
    shop.api.fail("/v1/checkout", 401, times=1)
    shop.deliver([shop.world.emit("checkout.session.completed", event["data"]["object"]["id"])])
    assert shop.key().email == "ann@example.com"
    assert stripe._util._console_log_level() is None
    logged = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert "delivery of stripe" in logged
    for secret in ("whsec_", "sk_live", "rk_live", "Bearer", "ann@example.com", "line_items", shop.account.endpoint):
        assert secret not in logged, secret
    for kept in shop.events():
        assert "ann@" not in kept.reason


@row("T79")
def test_what_is_too_large_or_leads_nowhere_is_not_read(shop):
    client, address = shop.client(), f"/-/licensing/hooks/stripe/{shop.account.endpoint}"
    large = b"{" + b" " * (1024 * 1024)
    assert client.post(address, data=large).status_code == 413
    chunked = client.post(
        address,
        input_stream=io.BytesIO(large),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert chunked.status_code in {413, 400}
    assert client.get(address).status_code == 405
    unread = _Unreadable()
    for wrong in ("/-/licensing/hooks/stripe/unknown", f"/-/licensing/hooks/paypal/{shop.account.endpoint}"):
        assert client.post(wrong, input_stream=unread, content_length=10).status_code == 404
    assert shop.events() == []


class _Unreadable(io.RawIOBase):
    """A body that must not be read."""

    def tell(self):
        return 0

    def seek(self, *_where):
        return 0

    def readinto(self, _buffer):
        raise AssertionError("the body was read")


def test_a_paused_account_has_the_provider_try_again(shop):
    shop.set_account(status="paused")
    assert shop.post(_event(shop)) == 503
    shop.set_account(status="disabled")
    shop.parts.payment_door._known.clear()
    assert shop.post(_event(shop)) == 404


@row("T102")
def test_what_one_owner_signed_is_refused_at_another_ones_address(shop):
    theirs = shop.connect(OTHER, secret="whsec_of0another0owner")
    event = _event(shop)
    body = json.dumps(event).encode()
    assert shop.post(body, account=theirs, header=_signed(shop, body)) == 400
    assert shop.post(body, account=theirs, header=_signed(shop, body, theirs.secret)) == 200
    shop.work()
    assert shop.sold() == []


@row("T102")
def test_a_price_that_another_owner_mapped_sells_nothing_here(shop):
    price = shop.price("Pro", interval="month")
    shop.move_out()
    shop.forget_maps()
    shop.world.subscribe([(price, 1)])
    shop.deliver()
    kinds = {event.event_type: event.code for event in shop.events()}
    assert kinds.pop("invoice_payment.paid") == ""  # a link that waits for its purchase, and waits for ever
    assert set(kinds.values()) == {"unmapped"}
    assert (shop.purchases(), shop.sold()) == ([], [])
