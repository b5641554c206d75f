"""Deliveries that are not PayPal's, as tables: no database, and never a request to where a delivery points."""

import dataclasses
import json
import re
import time
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import responses
from support.payment_rows import row
from support.paypal_checksums import with_checksum
from support.paypal_shops import WEBHOOK

from bridge.payments.paypal import PayPal
from bridge.payments.paypal_certificates import MOST_MISSES, NAMES, Certificates
from bridge.payments.paypal_signature import SIMULATOR, check, of_headers, of_proof
from bridge.payments.pretend.paypal_signing import NAME, Signer
from bridge.payments.provider import (
    Access,
    Desk,
    ForgedError,
    ProofAwayError,
    ProviderAwayError,
    Sign,
    UnreadableError,
    Verdict,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"
BODY = json.dumps({"id": "WH-1", "event_type": "PAYMENT.SALE.COMPLETED", "resource": {"id": "4S"}}).encode()
SIGNER = Signer()


def _headers(**changed: str) -> dict[str, str]:
    found = SIGNER.headers(BODY, WEBHOOK, NOW, GOOD)
    return found | {f"PAYPAL-{name.upper().replace('_', '-')}": value for name, value in changed.items()}


def _judged(headers: dict[str, str], mode: str = "live", secrets: tuple[str, ...] = (WEBHOOK,), **ahead: float):
    sign = Sign(secrets, NOW + timedelta(**ahead), timedelta(minutes=10), mode)
    return PayPal().judge(BODY, headers, sign)


ADDRESSES = {
    "http": GOOD.replace("https", "http"),
    "another host": GOOD.replace("api.paypal.com", "evil.tld"),
    "a host that begins so": GOOD.replace("api.paypal.com", "api.paypal.com.evil.tld"),
    "a host that ends so": GOOD.replace("api.paypal.com", "evilapi.paypal.com"),
    "another of PayPal's": GOOD.replace("api.", "www."),
    "somebody before": GOOD.replace("api.paypal.com", "api.paypal.com@evil.tld"),
    "somebody of theirs": GOOD.replace("api.paypal.com", "evil@api.paypal.com"),
    "a port": GOOD.replace("paypal.com", "paypal.com:8443"),
    "a query": f"{GOOD}?x=1",
    "a fragment": f"{GOOD}#x",
    "an IP": GOOD.replace("api.paypal.com", "127.0.0.1"),
    "the sandbox": GOOD.replace("api.paypal.com", "api.sandbox.paypal.com"),
    "another path": GOOD.replace("certs", "other"),
    "upwards": GOOD.replace("CERT", "../CERT"),
    "escaped": GOOD.replace("CERT", "%2e%2e%2fCERT"),
    "backslash": GOOD.replace("com/", "com\\@evil.tld/"),
    "a line": GOOD + "\n",
    "capitals": GOOD.upper(),
    "no address": "CERT-360caa42",
}


@row("T92")
@responses.activate
@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_certificate_from_anywhere_else_is_refused_and_never_asked_for(kind):
    url = ADDRESSES[kind]
    assert _judged(_headers(cert_url=url)) is Verdict.BAD
    with pytest.raises(ForgedError, match="not at PayPal's address"):
        Certificates().get(url, "live")
    assert len(responses.calls) == 0


@row("T92")
def test_each_mode_has_its_own_hosts_and_a_pretend_one_has_only_itself():
    sandbox = GOOD.replace("paypal.com", "sandbox.paypal.com")
    certificates, pretend = Certificates(), Certificates("http://127.0.0.1:9")
    for url in (GOOD, GOOD.replace("api.", "api-m.")):
        assert (certificates.is_allowed(url, "live"), certificates.is_allowed(url, "test")) == (True, False)
    assert (certificates.is_allowed(sandbox, "test"), certificates.is_allowed(sandbox, "live")) == (True, False)
    assert not certificates.is_allowed(GOOD, "")
    own = "http://127.0.0.1:9/v1/notifications/certs/CERT"
    assert (pretend.is_allowed(own, "live"), pretend.is_allowed(GOOD, "live")) == (True, False)
    assert not pretend.is_allowed(own.replace(":9", ":99"), "live")
    assert not certificates.is_allowed(own, "test")


@row("T92")
@responses.activate
def test_a_certificate_is_fetched_once_and_a_redirect_leads_nowhere():
    responses.get(GOOD, body=SIGNER.pem)
    certificates = Certificates()
    assert certificates.get(GOOD, "live") == certificates.get(GOOD, "live") == SIGNER.certificate
    assert len(responses.calls) == 1
    moved = f"{GOOD}-moved"
    responses.get(moved, status=302, headers={"Location": "https://evil.tld/"})
    for _ in range(3):  # and is not asked again at once
        with pytest.raises(ForgedError, match="no certificate"):
            certificates.get(moved, "live")
    assert len(responses.calls) == 2


@row("T92")
@responses.activate
def test_made_up_certificates_cost_so_many_requests_a_minute_and_push_no_real_one_out(monkeypatch):
    responses.get(GOOD, body=SIGNER.pem)
    responses.get(re.compile(r"https://api\.paypal\.com/.*-made-up-\d+"), status=404)
    certificates = Certificates()
    certificates.get(GOOD, "live")
    found = []
    for number in range(100):
        with pytest.raises((ForgedError, ProofAwayError)) as error:
            certificates.get(f"{GOOD}-made-up-{number}", "live")
        found.append(error.type)
    assert found == [ForgedError] * MOST_MISSES + [ProofAwayError] * (100 - MOST_MISSES)
    assert len(responses.calls) == 1 + MOST_MISSES
    assert certificates.get(GOOD, "live") == SIGNER.certificate
    assert len(responses.calls) == 1 + MOST_MISSES
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(ForgedError):
        certificates.get(f"{GOOD}-made-up-99", "live")


@row("T92")
@responses.activate
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_certificate_that_can_not_be_had_now_is_asked_for_again(status):
    responses.get(GOOD, status=status)
    responses.get(GOOD, body=SIGNER.pem)
    certificates = Certificates()
    with pytest.raises(ProviderAwayError):
        certificates.get(GOOD, "live")
    assert certificates.get(GOOD, "live") == SIGNER.certificate


@row("T92")
@responses.activate
@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", b"x" * 999_999]
)
def test_what_is_no_certificate_is_none(body):
    responses.get(GOOD, body=body)
    with pytest.raises(ForgedError, match="no certificate"):
        Certificates().get(GOOD, "live")


WRONG_HEADERS = {
    "no id": {"transmission_id": ""},
    "no time": {"transmission_time": ""},
    "no signature": {"transmission_sig": ""},
    "no certificate": {"cert_url": ""},
    "another algorithm": {"auth_algo": "SHA1withRSA"},
    "none as algorithm": {"auth_algo": "none"},
    "no base64": {"transmission_sig": "!!!"},
    "month 19": {"transmission_time": "2018-19-12T22:20:32.000Z"},
    "a bar in the id": {"transmission_id": "a|b"},
    "not ASCII": {"transmission_id": "ä"},
    "endless": {"transmission_id": "a" * 99_999},
}


@row("T94")
@pytest.mark.parametrize("kind", WRONG_HEADERS)
def test_headers_that_can_not_be_paypals_are_refused_at_the_door(kind):
    assert _judged(_headers()) is Verdict.GOOD
    assert _judged(_headers(**WRONG_HEADERS[kind])) is Verdict.BAD


@row("T94")
def test_a_delivery_is_tried_for_three_days_and_an_older_one_is_stale():
    assert [_judged(_headers(), days=days) for days in (-1, 3, 5)] == [Verdict.GOOD, Verdict.GOOD, Verdict.STALE]
    assert _judged({}) is _judged(_headers(), secrets=()) is _judged(_headers(), secrets=("",)) is Verdict.BAD
    assert _judged(_headers(), mode="test") is Verdict.BAD


def _checked(*, body: bytes = BODY, text: str = "", webhook: str = WEBHOOK, signer: Signer = SIGNER, **headers: str):
    sent = of_headers(body, _headers(**headers))
    if text:
        sent = dataclasses.replace(sent, sig=SIGNER.signature(text.format(sent=sent, webhook=WEBHOOK).encode()))
    check(of_proof(sent.proof()), [webhook], signer.certificate, NAMES["live"])


@row("T94")
def test_what_paypal_signed_passes():
    _checked()
    _checked(text="{sent.id}|{sent.time}|{webhook}|{sent.crc}")


FORGED = {
    "spaces": {"text": "{sent.id} | {sent.time} | {webhook} | {sent.crc}"},
    "CRC in hex": {"text": "{sent.id}|{sent.time}|{webhook}|{sent.crc:x}"},
    "the body": {"text": "{sent.id}|{sent.time}|{webhook}|" + BODY.decode().replace("{", "{{").replace("}", "}}")},
    "written anew": {"body": json.dumps(json.loads(BODY), indent=1).encode()},
    "another webhook": {"webhook": "9WEBHOOK0000000002"},
    "no webhook": {"webhook": ""},
    "another id": {"transmission_id": "b7d0b5a0-0000-11e8-0000-000000000000"},
    "another time": {"transmission_time": "2026-03-01T12:00:01Z"},
    "another certificate's name": {"signer": Signer("api.paypal.com")},
    "a name that ends so": {"signer": Signer(f"evil.{NAME}")},
    "a wildcard": {"signer": Signer("*.paypal.com")},
    "an expired certificate": {"signer": Signer(last=NOW - timedelta(seconds=1))},
    "a certificate of later": {"signer": Signer(first=NOW + timedelta(seconds=1))},
}


@row("T94")
@pytest.mark.parametrize("kind", FORGED)
def test_what_paypal_did_not_sign_so_is_forged(kind):
    with pytest.raises(ForgedError):
        _checked(**FORGED[kind])


@row("T95")
def test_another_body_of_the_same_checksum_passes_the_signature_which_is_why_nothing_is_believed():
    forged = with_checksum(
        b'{"id": "WH-2", "event_type": "PAYMENT.SALE.COMPLETED", "x": "' + b"?" * 64 + b'"}', zlib.crc32(BODY)
    )
    assert forged != BODY
    _checked(body=forged)


JUNK = {
    "no UTF-8": b'{"id": "\xff"}',
    "no JSON": b"hello",
    "an array": b"[]",
    "null": b"null",
    "names twice": b'{"id": "WH-1", "id": "WH-2"}',
    "no type": b'{"id": "WH-1", "resource": {"id": "4S"}}',
    "a path for an id": b'{"id": "WH-1", "event_type": "A", "resource": {"id": "../x"}}',
    "a long id": b'{"id": "' + b"W" * 300 + b'", "event_type": "A", "resource": {"id": "4S"}}',
    "no object": b'{"id": "WH-1", "event_type": "A", "resource": []}',
    "deep": b"[" * 100_000,
    "empty": b"",
}


@row("T94")
@pytest.mark.parametrize("kind", JUNK)
def test_junk_that_is_well_signed_is_unreadable_and_nothing_worse(kind):
    with pytest.raises(UnreadableError):
        PayPal().parse(JUNK[kind], SIGNER.headers(JUNK[kind], WEBHOOK, NOW, GOOD))


@row("T96")
@responses.activate
@pytest.mark.parametrize(
    ("mode", "stored", "proven"),
    [("test", [SIMULATOR], True), ("test", [WEBHOOK], False), ("live", [SIMULATOR], False), ("live", [WEBHOOK], False)],
)
def test_what_the_simulator_signs_counts_in_test_mode_only_and_only_where_somebody_wants_it(mode, stored, proven):
    host = GOOD if mode == "live" else GOOD.replace("paypal.com", "sandbox.paypal.com")
    responses.get(host, body=SIGNER.pem)
    provider = PayPal()
    delivery = provider.parse(BODY, SIGNER.headers(BODY, SIMULATOR, NOW, host))
    access = Access(mode, "a secret", secrets=stored)
    if proven:
        provider._prove(delivery, access)
        return
    with pytest.raises(ForgedError):
        provider.read(delivery, access, Desk(1))


@row("T96")
def test_the_simulators_impossible_date_is_no_date():
    event = json.loads(BODY) | {"create_time": "2018-19-12T22:20:32.000Z"}
    body = json.dumps(event).encode()
    delivery = PayPal().parse(body, SIGNER.headers(body, WEBHOOK, NOW, GOOD))
    assert (delivery.created, delivery.livemode, delivery.object_id) == (None, True, "4S")


@pytest.mark.parametrize(
    ("host", "live"), [("api.paypal.com", True), ("api-m.sandbox.paypal.com", False), ("127.0.0.1:9", None)]
)
def test_the_certificate_says_whether_an_event_is_a_live_one(host, live):
    headers = SIGNER.headers(BODY, WEBHOOK, NOW, GOOD.replace("api.paypal.com", host))
    assert PayPal().parse(BODY, headers).livemode is live
