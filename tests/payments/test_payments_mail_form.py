"""How a mail looks: its two parts, its headers, its language; and that nothing that a buyer typed breaks out of it."""

import email.utils

import pytest
from mail_shops import SENDER
from sqlmodel import select

from bridge.models import Outbox
from bridge.rules.payments.messages import Message
from bridge.rules.sellers import Seller
from bridge.storage import outbox


@pytest.fixture
def post(lone_post):
    return lone_post


def _sold(post, **more):
    post.shop.buy(**more)
    post.shop.deliver()
    return post.send()[-1]


def test_a_mail_has_two_parts_that_say_the_same(post):
    got = _sold(post)
    assert [part.get_content_type() for part in got.message.iter_parts()] == ["text/plain", "text/html"]
    for part in (got.text(), got.text("html")):
        for words in ("Hello Ann,", post.key_code(), "Joomla", "Dolibarr", "help@acme.example", "Acme Extensions"):
            assert words in part, words
    assert "works until 1 March 2027" in got.text()


def test_headers_let_no_program_answer_and_bounces_come_to_us(post):
    post.configure(bounces_to="bounces@bridge.example")
    got = _sold(post)
    headers = got.message
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert email.utils.parseaddr(headers["From"]) == ("Acme Extensions", SENDER)
    assert email.utils.parseaddr(headers["Reply-To"])[1] == "help@acme.example"
    assert headers["Message-ID"].endswith("@bridge.example>")
    assert headers["To"] == "ann@example.com"
    assert got.sender == "bounces@bridge.example"


@pytest.mark.parametrize(
    "name",
    [
        "Ann\r\nBcc: everybody@example.com",
        "Ann\nSubject: other",
        "Ann\x00\x1b[31m\u202e",
        "<b>Ann</b>",
        'Ann" onload="x',
        "{keys} {seller}",
        "{{",
    ],
)
def test_no_name_breaks_out_of_where_it_stands(post, name):
    got = _sold(post, name=name)
    assert got.to == ["ann@example.com"]
    assert got.message["Bcc"] is None
    assert got.message["Subject"] == "Your license for Pro"
    assert len(got.message.get_all("Subject")) == 1
    page = got.text("html")
    assert "<b>" not in page
    assert "onload=" not in page.replace("onload=&quot;", "")
    assert got.text().count(post.key_code()) == 1


@pytest.mark.parametrize("name", ["Win at https://evil.example", "www.evil.example", "a" * 61, "x@evil.example"])
def test_a_name_that_is_a_message_of_a_stranger_is_not_passed_on(post, name):
    got = _sold(post, name=name)
    assert "evil" not in str(got.message)
    assert "Hello" not in got.text()
    assert post.key_code() in got.text()


def test_a_package_with_an_odd_name_is_escaped(post):
    post.shop.package("A <i>& B")
    got = _sold(post, package="A <i>& B")
    assert got.message["Subject"] == "Your license for A <i>& B"
    assert "<i>" not in got.text("html")
    assert "A &lt;i&gt;&amp; B" in got.text("html")


def test_several_keys_are_in_one_mail(post):
    post.shop.set_account(policy={"quantity_mode": "keys"})
    post.shop.subscribe(quantity=3)
    post.shop.deliver()
    (got,) = post.send()
    codes = [post.key_code(number) for number in range(3)]
    assert len(set(codes)) == 3
    assert all(code in got.text() and code in got.text("html") for code in codes)


def test_an_owner_who_writes_german_is_read_in_german(post):
    post.say(Seller(name="Müller & Söhne", language="de-AT"))
    got = _sold(post)
    assert (got.message["Subject"], got.message["Content-Language"]) == ("Ihre Lizenz für Pro", "de")
    assert "Müller & Söhne" in got.text()
    assert "Müller &amp; Söhne" in got.text("html")
    assert "gilt bis 01.03.2027" in got.text()
    assert "Fragen?" not in got.text()  # nobody said where to ask


def test_an_owner_sends_as_itself_only_where_the_settings_allow_it(post):
    post.say(Seller(name="Acme", sender="keys@acme.example"))
    got = _sold(post)
    assert email.utils.parseaddr(got.message["From"])[1] == SENDER
    assert email.utils.parseaddr(got.message["Reply-To"])[1] == "keys@acme.example"
    post.configure(sender_domains=["acme.example"])
    got = _sold(post)
    assert email.utils.parseaddr(got.message["From"])[1] == "keys@acme.example"
    assert got.sender == SENDER


def test_a_mail_from_a_test_purchase_says_so(post):
    post.shop.set_account(mode="test")
    post.shop.buy()
    post.shop.deliver([event | {"livemode": False} for event in post.shop.news()])
    (got,) = post.send()
    assert got.message["Subject"].startswith("[Test] ")
    assert "test purchase" in got.text()


def test_an_address_of_another_alphabet_is_written_to(post):
    assert _sold(post, email="ann@müller.example").to == ["ann@xn--mller-kva.example"]


@pytest.mark.parametrize("address", ["änn@example.com", "a..b@example.com", "a@b..example", "a,b@example.com", "a@[1]"])
def test_an_address_that_no_server_takes_is_told_to_the_seller(post, address):
    post.shop.buy(email=address)
    post.shop.deliver()
    (told,) = post.send()
    assert (post.stands(), told.to) == (["dead"], ["help@acme.example"])
    assert "can't be written to" in told.text()


def test_an_address_that_is_refused_for_good_is_told_to_the_seller(post):
    post.sink.answers, post.sink.at = ["550 nobody of that name"], "RCPT"
    post.shop.buy()
    post.shop.deliver()
    (told,) = post.send()
    assert (post.stands(), told.to) == (["dead"], ["help@acme.example"])
    assert "refuses the address (550)" in told.text()
    assert "ann@example.com" in told.text()
    assert post.key_code() not in str(told.message)


def test_a_mail_that_is_refused_for_now_goes_out_later_and_not_for_ever(post):
    post.sink.answers = ["451 later"] * 100
    post.shop.buy()
    post.shop.deliver()
    for _ in range(11):
        post.send(days=1)
    (kept,) = post.rows()
    assert (kept.status, kept.attempts) == ("dead", 10)


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_server_that_does_not_relay_for_us_delays_the_mail_and_no_more(post, at):
    post.sink.answers, post.sink.at = ["554 5.7.1 <ann@example.com>: Relay access denied"], at
    post.shop.buy()
    post.shop.deliver()
    assert post.send() == []
    (kept,) = post.rows()
    assert (kept.status, "does not let this installation send" in kept.last_error) == ("new", True)
    assert "ann@" not in kept.last_error
    assert [got.to for got in post.send(minutes=1)] == [["ann@example.com"]]


def test_an_owner_sends_so_many_mails_a_day(post):
    post.configure(mails_per_owner_and_day=2)
    for number in range(4):
        post.shop.buy(email=f"ann{number}@example.com")
    post.shop.deliver()
    assert len(post.send()) == 2
    assert len(post.send(hours=2)) == 2
    assert len(post.send(hours=23)) == 4


def test_links_that_strangers_ask_for_hold_up_nothing_else(post):
    post.configure(mails_per_owner_and_day=20)
    post.shop.buy()
    post.shop.deliver()
    post.send()
    shop, (key,) = post.shop, post.shop.sold()
    with shop.session() as session:
        for number in range(5):
            outbox.put(session, f"{number}", Message.LINK, shop.owner_id, shop.clock(), reference={"keys": [key.id]})
        about = {"keys": [key.id], "expires": "2027-03-01T12:00:00+00:00"}
        outbox.put(session, "last", Message.REMINDER, shop.owner_id, shop.clock(), reference=about)
    post.send()
    links = [row.status for row in post.rows() if row.kind == Message.LINK]
    assert sorted(links) == ["new"] * 3 + ["sent"] * 2
    assert [row.status for row in post.rows() if row.kind == Message.REMINDER] != ["new"]


def test_what_waited_for_a_week_while_mail_was_off_is_not_said_any_more(post):
    post.shop.buy()
    post.shop.deliver()
    assert post.send(days=8) == []
    (kept,) = post.rows()
    assert (kept.status, "too long" in kept.last_error) == ("dropped", True)
    with post.shop.session() as session:
        assert outbox.again(session, post.shop.clock(), [kept.id]) == 1
    assert len(post.send()) == 1


def test_while_mail_is_off_nothing_piles_up_for_ever(post):
    post.configure(host="")
    post.shop.buy()
    post.shop.deliver()
    post.shop.clock.turn(days=6)
    post.shop.parts.worker.tidy()
    assert post.stands() == ["new"]
    post.shop.clock.turn(days=2)
    post.shop.parts.worker.tidy()
    (kept,) = post.rows()
    assert (kept.status, kept.due_at, "too long" in kept.last_error) == ("dropped", None, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"security": "starttls"}, "STARTTLS"),
        ({"user": "bridge", "password": "wrong"}, "no sign-in"),
        ({"security": "tls"}, "can't be secured"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(post, changes, words):
    post.configure(**changes)
    post.shop.buy()
    post.shop.deliver()
    assert post.send() == []
    (kept,) = post.rows()
    assert words in kept.last_error
    assert "wrong" not in kept.last_error


def test_old_rows_are_forgotten_and_those_that_wait_are_not(post):
    post.shop.buy()
    post.shop.deliver()
    post.send()
    post.shop.buy()
    post.shop.deliver()
    with post.shop.session() as session:
        assert outbox.forget(session, post.shop.clock.turn(days=401)) == 1
        assert {each.status for each in session.exec(select(Outbox))} == {"new"}
