"""The way of a delivery: the door keeps what looks like PayPal's, the worker proves it, and only what is fetched counts."""

import json
import logging
import zlib
from datetime import timedelta

import pytest
from support.payment_rows import SQLITE, row
from support.payment_shops import OTHER
from support.paypal_checksums import with_checksum
from support.paypal_shops import PRICE, PayPalShop

from bridge.payments.paypal_signature import SIMULATOR
from bridge.payments.pretend.paypal_signing import Signer
from bridge.services import payment_attention


def _event(shop: PayPalShop) -> dict:
    """The delivery of a capture."""
    shop.buy()
    return next(each for each in shop.news() if each["event_type"] == "PAYMENT.CAPTURE.COMPLETED")


def _body(event: dict) -> bytes:
    return json.dumps(event).encode()


@row("T94")
def test_a_forged_delivery_is_counted_and_forgotten_and_takes_no_name_from_the_real_one(shop):
    event = _event(shop)
    body = _body(event)
    forged = shop.api.headers(body, "9WEBHOOK0000000666", shop.clock())
    assert shop.post(body, headers=forged) == 200
    shop.clock.turn(seconds=1)
    shop.work()
    assert (shop.events(), shop.sold()) == ([], [])
    assert shop.row().bad_signatures == 1
    with shop.session(read_only=True) as session:
        matters = payment_attention.matters(session, shop.row(), "acme/paypal", shop.clock())
    assert [matter.about for matter in matters] == ["acme/paypal"]
    shop.deliver([event])
    assert shop.key().stands == "active"
    assert [kept.status for kept in shop.events()] == ["processed"]


@row("T94")
def test_a_foreign_certificate_at_the_right_host_and_one_that_is_nowhere_prove_nothing(shop):
    shop.api.signers["CERT-other"] = Signer("messageverificationcerts.paypal.com.evil.tld")
    body = _body(_event(shop))
    for headers in (
        shop.api.headers(body, shop.account.secret, shop.clock(), "CERT-other"),
        shop.api.headers(body, shop.account.secret, shop.clock())
        | {"PAYPAL-CERT-URL": shop.api.cert_url("CERT-nowhere")},
    ):
        assert shop.post(body, headers=headers) == 200
        shop.work()
    assert (shop.events(), shop.row().bad_signatures, shop.sold()) == ([], 2, [])


@row("T92")
def test_the_door_asks_nobody_and_refuses_other_certificates(shop):
    body = _body(_event(shop))
    good = shop.api.headers(body, shop.account.secret, shop.clock())
    for url in ("https://api.paypal.com/v1/notifications/certs/CERT-1", shop.api.cert_url().replace("certs", "x")):
        assert shop.post(body, headers=good | {"PAYPAL-CERT-URL": url}) == 400
    assert shop.post(body, headers={}) == 400
    assert shop.post(body, at=shop.clock() - timedelta(days=5)) == 400
    assert shop.post(body, headers=good) == 200
    assert shop.api.asked == []
    shop.parts.payment_door.close()
    assert (shop.row().bad_signatures, shop.row().stale_signatures) == (3, 1)


@row("T94")
def test_junk_that_anybody_may_have_sent_is_refused_and_counted_and_never_kept(shop):
    for body in (b"hello", b"[]", b'{"id": "\xff"}', b"", b"[" * 100_000):
        assert shop.post(body) == 400
    shop.work()
    shop.parts.payment_door.close()
    assert (shop.events(), shop.row().bad_signatures, shop.sold(), shop.api.asked) == ([], 5, [], [])


@row("T95")
def test_a_body_of_the_same_checksum_with_a_captured_signature_makes_no_key(shop):
    shop.sku()
    shirt = shop.world.buy([("shirt", 1, 100)])
    body = _body(shop.news()[-1])
    captured = shop.api.headers(body, shop.account.secret, shop.clock())
    theirs = {
        "id": "WH-FORGED",
        "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "event_version": "1.0",
        "resource_type": "capture",
        "resource": {
            "id": "8C0000000099999",
            "status": "COMPLETED",
            "amount": {"currency_code": "EUR", "value": "999.00"},
            "custom_id": "pro",
            "filler": "?" * 64,
        },
    }
    forged = with_checksum(_body(theirs), zlib.crc32(body))
    assert shop.post(forged, headers=captured) == 200
    shop.work()
    (kept,) = shop.events()
    assert (kept.status, kept.code, shop.sold()) == ("failed", "not_theirs", [])
    # And one that names a real payment says of it whatever it likes: what is fetched counts.
    theirs["id"], theirs["resource"]["id"] = "WH-FORGED-2", shop.world.payment_of(shirt)
    assert shop.post(with_checksum(_body(theirs), zlib.crc32(body)), headers=captured) == 200
    shop.work()
    assert [kept.code for kept in shop.events()] == ["not_theirs", "unmapped"]
    assert shop.sold() == []


@row("T96")
def test_the_simulator_makes_no_key_and_no_crash_and_its_one_id_for_two_events_counts_twice(shop):
    shop.set_account(mode="test")
    shop.renew_secret(SIMULATOR)
    shop.account.secret = SIMULATOR
    for event_type in ("PAYMENT.CAPTURE.COMPLETED", "PAYMENT.SALE.COMPLETED"):
        shop.deliver(
            [
                {
                    "id": "WH-2WR32451HC0233532-67976317FL4543714",
                    "event_type": event_type,
                    "create_time": "2018-19-12T22:20:32.000Z",
                    "resource": {"id": "5O190127TN364715T"},
                }
            ]
        )
    assert [(kept.status, kept.code, kept.told_at) for kept in shop.events()] == [("failed", "not_theirs", None)] * 2


@row("T94")
@pytest.mark.parametrize(
    ("way", "webhook", "codes"), [("both", "", [""]), ("postback", "", [""]), ("postback", "9W6", [])]
)
def test_a_seller_may_have_paypal_check_its_signature_itself(shop, way, webhook, codes):
    shop.set_account(policy={"verify_mode": way})
    body = _body(_event(shop))
    assert shop.post(body, headers=shop.api.headers(body, webhook or shop.account.secret, shop.clock())) == 200
    shop.work()
    assert ([kept.code for kept in shop.events()], shop.row().bad_signatures) == (codes, 1 - len(codes))
    assert "POST /v1/notifications/verify-webhook-signature" in shop.api.asked


@row("T102")
@SQLITE
def test_what_was_signed_for_one_owner_proves_nothing_at_another_ones_address(shop):
    theirs = shop.connect(OTHER, secret="9WEBHOOK0000000002")
    body = _body(_event(shop))
    assert shop.post(body, account=theirs, headers=shop.api.headers(body, shop.account.secret, shop.clock())) == 200
    shop.work()
    assert (shop.sold(), shop.row(theirs).bad_signatures) == ([], 1)


@row("T77")
@SQLITE
def test_while_a_webhook_is_replaced_both_ids_count_and_the_old_one_ends(shop):
    old, new = shop.account.secret, "9WEBHOOK0000000002"
    shop.renew_secret(new)
    body = _body(_event(shop))
    found = []
    for number, (webhook, hours) in enumerate([(old, 0), (new, 0), (old, 25), (new, 0)]):
        shop.clock.turn(hours=hours)
        event = json.loads(body) | {"id": f"WH-{number}"}
        sent = _body(event)
        assert shop.post(sent, headers=shop.api.headers(sent, webhook, shop.clock())) == 200
        shop.work()
        found.append(next((kept.code for kept in shop.events() if kept.event_id == f"WH-{number}"), "forged"))
    assert found == ["", "no_change", "forged", "no_change"]
    assert shop.row().bad_signatures == 1


AWAY = [
    *((path, status) for path in ("/v1/oauth2/token", "/v2/payments/captures") for status in (429, 500, 200, 302)),
    ("/v1/notifications/certs", 500),  # what answers otherwise has no certificate: forged
]


@row("T89")
@SQLITE
def test_a_paypal_that_is_away_is_asked_again(shop):
    """One shop for the whole table: each time the token and the certificate are fetched anew."""
    for path, status in AWAY:
        shop.forget_what_was_fetched()
        shop.api.fail(path, status, headers={"Location": "https://evil.tld/", "Retry-After": "7000"})
        shop.deliver([_event(shop)])
        kept = shop.events()[-1]
        assert (kept.status, kept.code) == ("failed", "away"), (path, status)
        waits = (kept.due_at - shop.clock()).total_seconds()
        assert (waits == 3600) == (status == 429)  # as it asks, and no longer than an hour
        shop.clock.turn(hours=2)
        shop.work()
        assert len(shop.sold()) == AWAY.index((path, status)) + 1


@row("T89")
@SQLITE
def test_a_token_that_ended_is_renewed_and_secrets_that_are_refused_are_said(shop):
    shop.buy()
    shop.deliver()
    shop.api.end_tokens()
    shop.buy()
    shop.deliver()
    assert len(shop.sold()) == 2
    assert shop.api.asked.count("POST /v1/oauth2/token") == 2
    shop.api.end_tokens()
    shop.api.secret = "another0secret0by0now000"
    shop.deliver([_event(shop)])
    kept = shop.events()[-1]
    assert (kept.status, kept.code, "client id" in kept.reason) == ("failed", "no_access", True)


@row("T78")
@SQLITE
def test_no_secret_no_signature_and_nothing_about_the_buyer_is_logged(shop, caplog):
    caplog.set_level(logging.DEBUG)
    event = _event(shop)
    body = _body(event)
    sent = shop.api.headers(body, shop.account.secret, shop.clock())
    shop.post(body, headers={})
    shop.post(body, headers=shop.api.headers(body, "9WEBHOOK0000000666", shop.clock()))
    shop.work()
    shop.api.fail("/v2", 500)
    shop.post(body, headers=sent)
    shop.work()
    shop.clock.turn(days=1)
    shop.work()
    assert shop.key().email == "ann@example.com"
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    logged = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in ours)
    assert "delivery of paypal" in logged
    wires = "\n".join(record.getMessage() for record in caplog.records)
    for secret in ("a0client0secret", "Bearer", "ann@example.com", sent["PAYPAL-TRANSMISSION-SIG"][:40]):
        assert secret not in wires, secret
    for secret in ("PAYPAL-", shop.account.endpoint, shop.account.secret, "8C0000"):
        assert secret not in logged, secret


@row("T73")
def test_a_sandbox_certificate_at_a_live_account_is_refused_in_each_mode_by_the_real_hosts():
    from bridge.payments.paypal_certificates import Certificates

    live, test = (Certificates().example(mode) for mode in ("live", "test"))
    allowed = [(Certificates().is_allowed(url, mode)) for url in (live, test) for mode in ("live", "test")]
    assert allowed == [True, False, False, True]


@row("T74")
@SQLITE
def test_a_sandbox_purchase_makes_a_marked_key(shop):
    shop.set_account(mode="test")
    shop.deliver([_event(shop)])
    assert (shop.key().is_test, shop.purchase().is_test) == (True, True)
    assert not shop.decide(shop.key().id).allowed


@SQLITE
def test_an_account_without_its_secret_believes_nothing(shop):
    shop.set_account(api_key="")
    shop.deliver([_event(shop)])
    (kept,) = shop.events()
    assert (kept.status, kept.code, shop.sold()) == ("failed", "no_access", [])


@SQLITE
def test_another_merchants_order_sells_nothing_though_our_app_made_it(shop):
    shop.sku()
    shop.world.buy([("pro", 1, PRICE)], payee="MERCHANT66666", custom_id="pro")
    shop.deliver()
    assert shop.sold() == []
