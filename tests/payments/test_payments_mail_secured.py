"""Mails to a server that is secured and asks who one is: by both ways of TLS; and what is wrong with it is said."""

import logging

import pytest
from mail_shops import MailShop
from support.certificates import certificate, serving
from support.mail_sinks import MailSink

from bridge.services.mailing import WAITS_SECONDS

USER, WORD = "bridge", "open0sesame"
NEXT_STEP = "correct mail.security, mail.port or the server's certificate"


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """The certificate of 127.0.0.1, which this machine trusts as it does an authority's."""
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@pytest.fixture
def secured(shared_post):
    """Begins a shop whose mails go to a server that is started as one says."""
    begun = []

    def begin(security, **options) -> MailShop:
        sink = MailSink()
        sink.start(authenticator=sink.sign_in, **options)
        begun.append(sink)
        shared_post.begin_anew()
        post = MailShop(shared_post.shop, sink)
        post.configure(security=security, user=USER, password=WORD)
        post.shop.buy()
        post.shop.deliver()
        return post

    yield begin
    for sink in begun:
        sink.stop()


def _options(way, file):
    """How a server listens that speaks TLS in this way."""
    if way == "tls":
        return {"secured": serving(file), "auth_require_tls": False}  # it takes TLS for what begins with STARTTLS
    return {"tls_context": serving(file), "require_starttls": True, "auth_required": True}


WAYS = pytest.mark.parametrize("way", ["starttls", "tls"])


@WAYS
def test_a_mail_goes_out_through_a_secured_connection_after_a_sign_in(secured, trusted, way):
    post = secured(way, **_options(way, trusted))
    (got,) = post.send()
    assert (post.key_code() in got.text(), post.stands()) == (True, ["sent"])
    assert post.sink.signed_in == [USER]


def _said(post, caplog):
    """What is said of a mail that did not go out. It stays in the outbox, and holds no word of the sign-in."""
    caplog.set_level(logging.DEBUG, "bridge")
    assert post.send() == []
    (kept,) = post.rows()
    assert (kept.status, kept.attempts) == ("new", 1)
    assert WORD not in kept.last_error + caplog.text
    return kept.last_error


@WAYS
def test_a_certificate_that_nobody_trusts_is_refused_before_anybody_signs_in(secured, tmp_path, caplog, way):
    post = secured(way, **_options(way, certificate(tmp_path)))
    said = _said(post, caplog)
    assert said == f"the connection to the mail server can't be secured (CERTIFICATE_VERIFY_FAILED); {NEXT_STEP}"
    assert post.sink.signed_in == []


@WAYS
def test_a_certificate_of_another_host_is_refused_before_anybody_signs_in(secured, tmp_path, monkeypatch, caplog, way):
    file = certificate(tmp_path, "mail.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    post = secured(way, **_options(way, file))
    assert "CERTIFICATE_VERIFY_FAILED" in _said(post, caplog)
    assert post.sink.signed_in == []


@WAYS
def test_a_wrong_password_is_said_and_the_mail_goes_out_once_it_is_right(secured, trusted, caplog, way):
    post = secured(way, **_options(way, trusted))
    post.configure(security=way, user=USER, password="open0barley")
    assert _said(post, caplog) == "the mail server does not know the user (535); correct mail.user and mail.password"
    post.configure(security=way, user=USER, password=WORD)
    (got,) = post.send(seconds=WAITS_SECONDS[0])
    assert (got.to, post.stands()) == (["ann@example.com"], ["sent"])


def test_a_server_that_offers_no_starttls_is_told_neither_a_password_nor_a_mail(secured, caplog):
    post = secured("starttls", auth_require_tls=False)
    said = _said(post, caplog)
    assert said.startswith('the mail server offers no STARTTLS; write security = "tls" with its port, or "none"')
    assert post.sink.signed_in == []


def test_a_sign_in_that_is_not_offered_without_tls_is_not_tried(secured, trusted, caplog):
    post = secured("none", **_options("starttls", trusted))
    assert _said(post, caplog) == "the mail server knows no sign-in here; empty mail.user, or secure it"


def test_tls_at_a_port_that_begins_without_it_is_said(secured, caplog):
    said = _said(secured("tls"), caplog)
    assert said.startswith("the connection to the mail server can't be secured (")
    assert said.endswith(NEXT_STEP)


def test_no_tls_at_a_port_that_begins_with_it_is_waited_for_no_longer_than_the_settings_say(secured, trusted, caplog):
    post = secured("starttls", **_options("tls", trusted))
    post.configure(security="starttls", timeout_seconds=0.3)
    assert _said(post, caplog) == (
        "the mail server can't be reached (SMTPServerDisconnected); if that stays so, correct mail.host, mail.port or mail.security"
    )


def test_a_sign_in_that_is_put_off_is_no_wrong_password(secured, trusted, caplog):
    post = secured("starttls", **_options("starttls", trusted))
    post.sink.sign_ins = ["454 4.7.0 Temporary authentication failure"] * 2  # each of two ways is tried
    assert _said(post, caplog) == "the mail server does not take the sign-in now (454)"
    assert len(post.send(seconds=WAITS_SECONDS[0])) == 1
