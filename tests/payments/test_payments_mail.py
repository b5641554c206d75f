"""What was sold is mailed: once, also when the mail server or a worker falls over, and only what is still so."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from mail_shops import SELLER, SENDER
from sqlmodel import select
from support.payment_rows import PUSH, row

from bridge.errors import UnavailableError
from bridge.mail.smtp import AddressRefusedError
from bridge.models import Outbox
from bridge.rules.sellers import Seller
from bridge.services import mailing
from bridge.storage import outbox


class Killed(BaseException):
    """What a process feels that is killed."""


@PUSH
@row("T80")
def test_a_mail_server_that_is_down_three_times_delays_the_mail_and_no_more(post):
    post.shop.buy()
    post.shop.deliver()
    post.sink.stop()
    for wait in (0, *mailing.WAITS_SECONDS[:2]):
        assert post.send(seconds=wait) == []
        (row_,) = post.rows()
        assert (row_.status, "can't be reached" in row_.last_error) == ("new", True)
    post.sink.start()
    assert post.send(seconds=1) == []  # it waits longer each time
    (got,) = post.send(seconds=mailing.WAITS_SECONDS[2])
    assert got.to == ["ann@example.com"]
    assert post.key_code() in got.text()
    assert (post.stands(), len(post.shop.sold()), len(post.send(days=1))) == (["sent"], 1, 1)


def test_after_a_clock_was_put_back_no_mail_waits_for_it(lone_post):
    lone_post.shop.buy()
    lone_post.shop.deliver()
    lone_post.shop.clock.turn(days=-2)
    assert len(lone_post.send()) == 1
    assert lone_post.stands() == ["sent"]


def test_what_is_put_off_for_as_long_as_anything_is_waits_for_it(lone_post):
    lone_post.shop.buy()
    lone_post.shop.deliver()
    with lone_post.shop.session() as session:
        (waits,) = session.exec(select(Outbox).where(Outbox.status == "new"))
        waits.due_at = lone_post.shop.clock() + timedelta(seconds=max(mailing.WAITS_SECONDS))
        session.add(waits)
    assert lone_post.send() == []


@PUSH
@row("T81")
def test_a_worker_that_dies_after_sending_leaves_one_mail_more_and_it_is_the_same(post, monkeypatch):
    post.shop.buy()
    post.shop.deliver()

    def die(*_args, **_more):
        raise Killed

    monkeypatch.setattr(outbox, "finish", die)
    with pytest.raises(Killed):
        post.send()
    monkeypatch.undo()
    assert len(post.send()) == 1, "the lease still holds"
    first, second = post.send(seconds=mailing.LEASE_SECONDS + 1)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert (post.stands(), len(post.shop.sold()), len(post.send(days=1))) == (["sent"], 1, 2)


@PUSH
@row("T82")
def test_without_an_address_the_key_is_there_the_seller_is_told_and_the_page_shows_it(post):
    session = post.shop.buy(email=None)
    post.shop.deliver()
    assert post.send() == []
    (alert,) = post.settle()
    assert (alert.to, "nobody knows where to send it" in alert.message["Subject"]) == (["help@acme.example"], True)
    assert post.shop.key().stands == "active"
    page = post.shop.client().get(f"/-/licensing/thanks/{post.shop.account.endpoint}?session_id={session}")
    assert post.key_code() in page.text
    assert (len(post.send(days=8)), post.stands()) == (1, ["dropped"])


@PUSH
@row("T83")
def test_what_passed_before_it_was_said_is_not_said(post):
    shop, world = post.shop, post.shop.world
    session = shop.buy()
    shop.deliver()
    post.send()
    post.sink.forget()
    dispute = world.dispute(world.payment_of(session))
    shop.deliver()
    world.dispute_becomes(dispute, "won")
    shop.deliver()
    assert (post.settle(), post.stands("key_state")) == ([], ["dropped", "dropped"])


@PUSH
@row("T83")
def test_what_is_still_so_is_said_and_then_that_it_is_over(post):
    shop, world = post.shop, post.shop.world
    session = shop.buy()
    shop.deliver()
    post.send()
    post.sink.forget()
    dispute = world.dispute(world.payment_of(session))
    shop.deliver()
    assert post.send() == []
    (told,) = post.settle()
    assert "since the payment is disputed" in told.text()
    world.dispute_becomes(dispute, "won")
    shop.deliver()
    assert "It works again." in post.settle()[-1].text()


def test_a_sale_that_failed_is_told_unless_it_was_paid_after_all(lone_post):
    world = lone_post.shop.world
    failed, late = (lone_post.shop.buy(payment_status="unpaid") for _ in range(2))
    lone_post.shop.deliver()
    for session in (failed, late):
        world.fail(session)
    world.settle(late)
    lone_post.shop.deliver()
    subjects = [got.message["Subject"] for got in lone_post.settle()]
    assert subjects == ["Your license for Pro", "Your payment did not arrive"]
    assert sorted(lone_post.stands("sale_failed")) == ["dropped", "sent"]


def test_a_key_that_was_refunded_before_it_was_mailed_is_not_mailed(lone_post):
    world = lone_post.shop.world
    session = lone_post.shop.buy()
    world.refund(world.payment_of(session))
    lone_post.shop.deliver()
    lone_post.send()
    assert (lone_post.sink.received, lone_post.stands()) == ([], ["dropped"])


def test_a_key_that_was_only_held_when_it_was_to_be_mailed_is_mailed_once_it_is_free(lone_post):
    shop, world = lone_post.shop, lone_post.shop.world
    session = shop.buy()
    dispute = world.dispute(world.payment_of(session))
    shop.deliver()
    assert shop.key().stands == "suspended dispute"
    assert (lone_post.send(), lone_post.stands()) == ([], ["dropped"])
    world.dispute_becomes(dispute, "won")
    shop.deliver()
    (got,) = lone_post.settle()[:1]
    assert lone_post.key_code() in got.text()
    dispute = world.dispute(world.payment_of(session))
    shop.deliver()
    world.dispute_becomes(dispute, "won")
    shop.deliver()
    lone_post.settle()
    assert lone_post.stands() == ["dropped", "sent"]


def test_a_mail_that_was_sent_and_could_not_be_noted_is_noted_later_and_not_sent_again(lone_post, monkeypatch):
    lone_post.shop.buy()
    lone_post.shop.deliver()

    def fail(*_args, **_more):
        raise UnavailableError("the database is away")

    monkeypatch.setattr(outbox, "finish", fail)
    assert len(lone_post.send()) == 1
    assert lone_post.stands() == ["leased"]
    assert len(lone_post.send()) == 1
    monkeypatch.undo()
    assert len(lone_post.send(seconds=mailing.LEASE_SECONDS + 1)) == 1
    assert lone_post.stands() == ["sent"]


def test_who_gives_a_mail_up_too_late_tells_nobody(lone_post, monkeypatch):
    lone_post.shop.buy()
    lone_post.shop.deliver()
    mailer = lone_post.shop.parts.mailer

    def slow(_message):
        with lone_post.shop.session() as session:
            (kept,) = session.exec(select(Outbox).where(Outbox.kind == "keys"))
            kept.attempts += 1  # the lease ended, and another worker has it
            session.add(kept)
        raise AddressRefusedError("550")

    monkeypatch.setattr(mailer, "_server", SimpleNamespace(send=slow))
    assert mailer.run_next()
    assert (lone_post.stands(), lone_post.rows("undelivered")) == (["leased"], [])


def test_many_workers_send_a_mail_once(lone_post):
    for _ in range(4):
        lone_post.shop.buy()
    lone_post.shop.deliver()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: [lone_post.shop.parts.mailer.run_next() for _ in range(4)], range(6)))
    lone_post.send()
    ids = [got.message["Message-ID"] for got in lone_post.sink.received if "license" in got.message["Subject"]]
    assert (len(ids), len(set(ids))) == (4, 4)


def test_nothing_about_the_buyer_is_logged_or_kept_beside_the_mail(lone_post, caplog):
    caplog.set_level(logging.DEBUG)
    lone_post.sink.answers = ["550 5.1.1 <ann@example.com> is unknown here", "451 <ann@example.com> later"]
    lone_post.shop.buy()
    lone_post.shop.deliver()
    lone_post.send()
    kept = [each.last_error + str(each.reference) + each.dedupe_key for each in lone_post.rows()]
    assert "550" in kept[0]
    logged = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert "is given up" in logged
    for told in [logged, *kept]:
        assert "ann@" not in told
        assert lone_post.key_code() not in told


def test_the_seller_may_name_nothing_and_is_told_nothing(lone_post):
    lone_post.say(Seller())
    lone_post.shop.buy(email=None)
    lone_post.shop.deliver()
    assert lone_post.settle() == []
    (alert,) = lone_post.rows("no_address")
    assert (alert.status, "LICENSING_SELLER" in alert.last_error) == ("dropped", True)


def test_an_account_may_tell_somebody_else_than_support(lone_post):
    lone_post.shop.set_account(policy={"notify": "till@acme.example"})
    lone_post.shop.buy(email=None)
    lone_post.shop.deliver()
    assert [got.to for got in lone_post.settle()] == [["till@acme.example"]]
    assert SELLER.support != "till@acme.example"
    assert lone_post.sink.received[0].sender == SENDER


def test_the_worker_sends_and_reminds_where_mail_is_on_and_only_there(lone_post):
    lone_post.shop.buy()
    lone_post.shop.deliver()
    lone_post.configure(host="")
    jobs = lone_post.shop.parts.worker._jobs
    assert {"mail", "reminders"}.isdisjoint(jobs)
    lone_post.configure()
    jobs = lone_post.shop.parts.worker._jobs
    lone_post.shop.clock.turn(days=1)
    assert [jobs[name]() for name in ("reminders", "mail", "mail")] == [False, True, False]
    assert len(lone_post.sink.received) == 1
    lone_post.shop.clock.turn(days=350)
    assert [jobs[name]() for name in ("reminders", "mail")] == [False, True]
    assert "ends on" in lone_post.sink.received[-1].message["Subject"]
