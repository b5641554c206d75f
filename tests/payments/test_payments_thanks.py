"""The page after a purchase: the keys for whoever has the name of the sale, and nothing for anybody else."""

import pytest
from sqlmodel import select
from support.payment_rows import PULL, PUSH, SQLITE, row
from support.payment_shops import OTHER

from bridge.models import LicenseKey, Owner, PaymentOrder, Purchase
from bridge.payments.pretend import paying
from bridge.services import resending
from bridge.services.thanks import MOST_QUESTIONS_A_MINUTE, masked
from bridge.web.thanks import MOST_VISITS_A_MINUTE


def _visit(shop, sale="", endpoint="", **more):
    where = f"/-/licensing/thanks/{endpoint or shop.account.endpoint}"
    return shop.client().get(where, query_string={"session_id": sale, **more} if sale else more)


def _code(post, number=0):
    return post.key_code(number)


@PUSH
@row("T84")
def test_the_buyer_sees_the_key_and_how_to_enter_it(post):
    session = post.shop.buy()
    post.shop.deliver()
    answer = _visit(post.shop, session)
    assert answer.status_code == 200
    for words in (_code(post), "Download Key", "Dolibarr", "Acme Extensions", "help@acme.example", "a…@e….com"):
        assert words in answer.text, words
    assert "ann@example.com" not in answer.text
    assert "Refresh" not in answer.headers


@PUSH
@row("T84")
def test_nobody_stores_the_page_lists_it_or_is_told_its_address(post):
    session = post.shop.buy()
    post.shop.deliver()
    headers = _visit(post.shop, session).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]


@PUSH
@row("T84")
def test_whoever_has_no_right_name_sees_what_a_stranger_sees(post):
    shop = post.shop
    session = shop.buy()
    subscription = shop.subscribe("Plus")
    shop.deliver()
    foreign = shop.connect(OTHER, secret="whsec_other")
    stranger = _visit(shop).text
    assert "on its way" in stranger
    assert _visit(shop, session, foreign.endpoint).text == stranger
    assert _visit(shop, session, "unknown").text == stranger
    assert _visit(shop, session, f"{shop.account.endpoint[:-1]}\0").text == stranger
    for name in (
        "cs_live_made0up",
        f"{session}\0",
        "\0",
        subscription,
        session[:-1],
        "1",
        "%",
        "cs_'; --",
        "cs_" + "x" * 9000,
    ):
        answer = _visit(shop, name)
        assert (answer.status_code, answer.text) == (200, stranger), name
    assert all(_code(post, number) not in stranger for number in range(2))


@PUSH
@row("T84")
def test_a_payment_that_takes_days_is_waited_for(post):
    session = post.shop.buy(payment_status="unpaid")
    post.shop.deliver()
    answer = _visit(post.shop, session)
    assert "The payment is being processed" in answer.text
    assert answer.headers["Refresh"].startswith("3; url=?session_id=cs_")
    post.shop.world.settle(session)
    post.shop.deliver()
    assert _code(post) in _visit(post.shop, session).text


@PUSH
@row("T84")
def test_after_some_days_the_key_is_not_shown_any_more(post):
    session = post.shop.buy()
    post.shop.deliver()
    post.shop.clock.turn(hours=71)
    assert _code(post) in _visit(post.shop, session).text
    post.shop.clock.turn(hours=2)
    answer = _visit(post.shop, session)
    assert _code(post) not in answer.text
    assert "a…@e….com" in answer.text
    assert 'href="/-/licensing/my/"' in answer.text


@PUSH
@row("T84")
def test_nobody_looks_a_hundred_times_a_minute(post):
    answers = [_visit(post.shop, f"cs_{number}") for number in range(MOST_VISITS_A_MINUTE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1].headers["Retry-After"]) == (429, "60")
    post.shop.clock.turn(minutes=2)
    assert _visit(post.shop, "cs_1").status_code == 200


@row("T09")
@PULL
def test_a_buyer_whom_the_webhook_did_not_precede_has_the_worker_look(post):
    session = post.shop.buy()
    events = post.shop.news()
    for _ in range(3):
        assert "on its way" in _visit(post.shop, session).text
    post.shop.work()
    assert _code(post) in _visit(post.shop, session).text
    post.shop.deliver(events)
    assert ([key.stands for key in post.shop.sold()], len(post.send())) == (["active"], 1)


@PULL
def test_a_sale_that_was_begun_here_is_known_by_our_own_name_too(post):
    shop = post.shop
    package = shop.package("Pro")
    shop.price("Pro")
    shop.client().get(f"/-/licensing/buy/{shop.account.endpoint}/{package}")
    with shop.session(read_only=True) as session:
        (order,) = session.exec(select(PaymentOrder))
    paying.pay(shop.world, order.ref, "ann@example.com", "Ann")
    assert "on its way" in _visit(shop, order.id).text
    assert "on its way" in _visit(shop, order.id, shop.connect(OTHER, secret="whsec_other").endpoint).text
    shop.work()
    answer = _visit(shop, order.id)
    assert _code(post) in answer.text
    assert answer.text == _visit(shop, order.ref).text
    assert len(shop.events()) == 1


@PULL
def test_names_that_strangers_make_up_cost_little_and_alarm_nobody(post):
    for number in range(MOST_QUESTIONS_A_MINUTE + 5):
        _visit(post.shop, f"cs_live_{number}")
    post.shop.work()
    assert sum("cs_live_" in asked for asked in post.shop.api.asked) == MOST_QUESTIONS_A_MINUTE
    assert post.shop.events() == []
    assert post.shop.row().last_error == ""


def test_the_page_looks_again_by_itself_and_not_for_ever(lone_post):
    first = _visit(lone_post.shop, "cs_live_1")
    assert first.headers["Refresh"] == "3; url=?session_id=cs_live_1&looked=1"
    later = _visit(lone_post.shop, "cs_live_1", looked="14")
    assert later.headers["Refresh"] == "60; url=?session_id=cs_live_1&looked=15"
    last = _visit(lone_post.shop, "cs_live_1", looked="15")
    assert "Refresh" not in last.headers
    assert "ask the seller" in last.text
    for odd in ("-1", "x", "9" * 50):
        assert _visit(lone_post.shop, "cs_live_1", looked=odd).status_code == 200


def test_what_is_typed_into_the_address_stays_inert(lone_post):
    hostile = 'cs_"><script>alert(1)</script>\r\nSet-Cookie: a=b'
    answer = _visit(lone_post.shop, hostile)
    assert "<script>alert" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Refresh"] == "3; url=?session_id=&looked=1"


def test_a_seller_and_a_package_of_odd_names_are_escaped(lone_post):
    lone_post.shop.package("<img src=x onerror=alert(1)>")
    session = lone_post.shop.buy("<img src=x onerror=alert(1)>")
    lone_post.shop.deliver()
    text = _visit(lone_post.shop, session).text
    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_a_key_that_does_not_work_is_not_shown(lone_post):
    session = lone_post.shop.buy()
    lone_post.shop.deliver()
    code = _code(lone_post)
    lone_post.shop.world.refund(lone_post.shop.world.payment_of(session))
    lone_post.shop.deliver()
    answer = _visit(lone_post.shop, session)
    assert code not in answer.text
    assert "does not work at the moment (revoked)" in answer.text


def test_a_buyer_who_was_forgotten_is_not_shown_either(lone_post):
    session = lone_post.shop.buy()
    lone_post.shop.deliver()
    with lone_post.shop.session() as opened:
        purchase = opened.get_one(Purchase, lone_post.shop.purchase().id)
        purchase.wanted = purchase.wanted | {"erased": True}
        opened.add(purchase)
    assert _code(lone_post) not in _visit(lone_post.shop, session).text


def test_a_key_that_is_another_owners_by_now_is_not_shown(lone_post):
    session = lone_post.shop.buy()
    lone_post.shop.deliver()
    code = _code(lone_post)
    with lone_post.shop.session() as opened:
        key = opened.get_one(LicenseKey, lone_post.shop.key().id)
        key.owner_id = opened.get_one(Owner, OTHER).id
        opened.add(key)
    assert code not in _visit(lone_post.shop, session).text


def _give_away(post, number, email):
    with post.shop.session() as session:
        key = session.get_one(LicenseKey, post.shop.sold()[number].id)
        key.customer_email, key.customer_name = email, "Ben"
        session.add(key)


@PULL
@SQLITE
def test_a_key_that_was_given_to_somebody_else_is_told_to_them_and_the_others_to_the_buyer(post):
    post.shop.set_account(policy={"quantity_mode": "keys"})
    session = post.shop.buy(quantity=2)
    post.shop.deliver()
    given, kept = _code(post, 0), _code(post, 1)
    _give_away(post, 0, "ben@example.com")
    text = _visit(post.shop, session).text
    assert (given in text, kept in text) == (False, True)
    (got,) = post.send()  # the first mail, which was yet to go out
    assert (got.to, given in got.text(), kept in got.text()) == (["ben@example.com"], True, False)
    assert "/thanks/" not in got.text()
    with post.shop.session() as opened:
        purchase = opened.get_one(Purchase, post.shop.purchase().id)
        told = resending.of_purchase(opened, purchase, post.shop.issuer())
    assert told == ("ann@example.com", [post.shop.sold()[1].id])
    got = post.send()[-1]
    assert (got.to, given in got.text(), kept in got.text()) == (["ann@example.com"], False, True)
    assert "/thanks/" in got.text()
    _give_away(post, 1, "ben@example.com")
    assert "ask the seller to send it again" in _visit(post.shop, session).text


@PULL
@SQLITE
def test_an_address_at_another_owners_key_is_not_mailed_to(post):
    post.shop.set_account(policy={"quantity_mode": "keys"})
    post.shop.buy(quantity=2)
    post.shop.deliver()
    _give_away(post, 0, "ben@example.com")
    with post.shop.session() as opened:
        key = opened.get_one(LicenseKey, post.shop.sold()[0].id)
        key.owner_id = OTHER
        opened.add(key)
    with post.shop.session() as opened:
        purchase = opened.get_one(Purchase, post.shop.purchase().id)
        assert resending.of_purchase(opened, purchase, post.shop.issuer())[0] == "ann@example.com"


def test_a_page_that_is_only_looked_at_asks_nobody(lone_post):
    where = f"/-/licensing/thanks/{lone_post.shop.account.endpoint}?session_id=cs_live_1"
    assert lone_post.shop.client().head(where).status_code == 200
    assert lone_post.shop.events() == []


def test_the_mail_leads_to_the_page_while_it_shows_the_key(lone_post):
    session = lone_post.shop.buy()
    lone_post.shop.deliver()
    (got,) = lone_post.send()
    address = f"https://git.example.com/-/licensing/thanks/{lone_post.shop.account.endpoint}?session_id={session}"
    assert address in got.text()
    assert _code(lone_post) in lone_post.shop.client().get(address.removeprefix("https://git.example.com")).text


@pytest.mark.parametrize(
    ("email", "shown"),
    [("ann@example.com", "a…@e….com"), ("a@b.c", "a…@b….c"), ("", ""), ("ann", ""), ("ann@localhost", "")],
)
def test_most_of_a_mail_address_is_hidden(email, shown):
    assert masked(email) == shown
