"""Reminders: of keys that end and that nothing renews, 30, 7 and 1 day before, once each."""

from dataclasses import replace

import pytest
from mail_shops import SELLER

from bridge.models import LicenseKey, Package
from bridge.services import key_edits, keys
from bridge.services.key_inputs import KeyInput
from bridge.services.reminders import Reminders


@pytest.fixture
def post(lone_post):
    return lone_post


@pytest.fixture
def looker(post):
    return Reminders(post.shop.parts.open_session, post.shop.clock, [30, 7, 1])


def _issue(post, package, **more):
    usual = {"customer_name": "Ann", "customer_email": "ann@example.com"}
    with post.shop.session() as session:
        made = keys.issue(session, session.get_one(Package, package), KeyInput(**usual | more), post.shop.issuer())
        return [key.id for key in made]


def _after(post, looker, **later):
    """What was mailed by then, since it was asked last."""
    post.sink.forget()
    post.shop.clock.turn(**later)
    looker.run_due()
    return [got.message["Subject"] for got in post.send()]


def test_a_customer_is_reminded_at_each_step_once(post, looker):
    _issue(post, post.shop.package("Pro"))
    ends = "Your license for Pro ends on 1 March 2027"
    assert _after(post, looker) == []
    assert _after(post, looker, days=334) == []
    assert _after(post, looker, days=1, hours=1) == [ends]
    assert _after(post, looker, days=3) == []
    assert _after(post, looker, days=20) == [ends]
    assert _after(post, looker, days=1) == []
    assert _after(post, looker, days=5) == [ends]
    assert _after(post, looker, days=2) == []


def test_the_reminder_says_which_key_and_where_to_renew(post, looker):
    _issue(post, post.shop.package("Pro"))
    _after(post, looker, days=360)
    (got,) = post.sink.received
    assert "https://acme.example/renew" in got.text()
    assert '<a href="https://acme.example/renew">' in got.text("html")
    assert "LIC-" in got.text()


def test_a_worker_that_was_away_sends_one_and_two_workers_send_one(post, looker):
    _issue(post, post.shop.package("Pro"))
    assert len(_after(post, looker, days=364, hours=6)) == 1
    other = Reminders(post.shop.parts.open_session, post.shop.clock, [30, 7, 1])
    assert _after(post, other) == []


def test_several_keys_of_one_customer_are_in_one_mail(post, looker):
    made = _issue(post, post.shop.package("Pro"), quantity=3)
    _issue(post, post.shop.package("Pro2"), customer_email="ben@example.com")
    assert len(_after(post, looker, days=360)) == 2
    texts = [got.text() for got in post.sink.received]
    assert sorted(text.count("LIC-") for text in texts) == [1, 3]
    assert len(made) == 3


def _revoke(post, key):
    with post.shop.session() as session:
        keys.revoke(session, session.get_one(LicenseKey, key), "for a test", post.shop.issuer())


def _change(**fields):
    def change(post, key):
        with post.shop.session() as session:
            row = session.get_one(LicenseKey, key)
            for name, value in fields.items():
                setattr(row, name, value)
            session.add(row)

    return change


def _suspend(post, key):
    _change(suspended_at=post.shop.clock())(post, key)


def _renew(post, key):
    with post.shop.session() as session:
        row = session.get_one(LicenseKey, key)
        package = session.get_one(Package, row.package_id)
        key_edits.renew(session, row, package, post.shop.tester, post.shop.clock())


CHANGES = {
    "revoked": _revoke,
    "suspended": _suspend,
    "held by money": _change(payment_hold="suspend", payment_reason="dispute"),
    "a test key": _change(is_test=True),
    "without end": _change(expires_at=None),
    "renewed": _renew,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", ["before it is queued", "before it is sent"])
def test_nobody_is_reminded_of_a_key_that_is(post, looker, change, when):
    (key,) = _issue(post, post.shop.package("Pro"))
    if when == "before it is queued":
        CHANGES[change](post, key)
        assert _after(post, looker, days=350) == []
        assert post.rows("reminder") == []
        return
    post.shop.clock.turn(days=350)
    looker.run_due()
    CHANGES[change](post, key)
    assert (post.send(), post.stands("reminder")) == ([], ["dropped"])


def test_a_subscription_that_goes_on_is_not_reminded_of_and_one_that_was_cancelled_is(post, looker):
    shop = post.shop
    on, off = (shop.subscribe("Pro", interval="year", email=f"{name}@example.com") for name in ("on", "off"))
    shop.deliver()
    post.send()
    shop.world.update(off, cancel_at_period_end=True)
    shop.deliver()
    assert len(_after(post, looker, days=350)) == 1
    assert [got.to for got in post.sink.received] == [["off@example.com"]]
    assert on != off


def test_a_month_is_not_reminded_of_on_its_first_day(post, looker):
    _issue(post, post.shop.package("Month", "monthly"))
    assert _after(post, looker, hours=1) == []
    assert len(_after(post, looker, days=25)) == 1


def test_an_owner_or_the_settings_switch_reminders_off(post, looker):
    _issue(post, post.shop.package("Pro"))
    post.say(replace(SELLER, reminders=False))
    assert _after(post, looker, days=350) == []
    nobody = Reminders(post.shop.parts.open_session, post.shop.clock, [])
    post.say()
    assert _after(post, nobody, hours=2) == []
    assert len(_after(post, looker, hours=2)) == 1


def test_who_has_no_address_is_not_reminded(post, looker):
    _issue(post, post.shop.package("Pro"), customer_email="")
    assert _after(post, looker, days=350) == []


def test_reminders_leave_room_for_keys_that_are_sold_and_wait_together(post, looker):
    post.configure(mails_per_owner_and_day=4)
    package = post.shop.package("Pro")
    for number in range(9):
        _issue(post, package, customer_email=f"ann{number}@example.com")
    post.shop.clock.turn(days=350)
    looker.run_due()
    post.shop.clock.turn(hours=1)
    post.shop.buy("Team", email="new@example.com")
    post.shop.deliver()
    found = 0
    while post.shop.parts.mailer.run_next():
        found += 1
    assert found == 4, "a key, two reminders, and one look for all those that have to wait"
    assert post.sink.received[0].to == ["new@example.com"]
    assert post.stands("reminder").count("sent") == 2
    post.shop.buy("Team", email="newer@example.com")
    post.shop.deliver()
    assert post.send(seconds=1)[-1].to == ["newer@example.com"]
    assert len(post.send(days=1, hours=1)) == 6
