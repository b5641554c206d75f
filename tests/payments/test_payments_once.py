"""Exactly once: whatever comes at the same moment, and wherever a process dies."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select
from support.payment_rows import PULL, PUSH, row
from support.payment_shops import Shop

from bridge.models import Audit, KeySlot, LicenseKey
from bridge.services import payment_inbox, purchases_recompute
from bridge.storage import payment_events


class Killed(BaseException):
    """What a process feels that is killed: nothing is caught, nothing is tidied up."""


def _at_once(*jobs) -> None:
    """Run jobs at the same moment, each in a thread of its own."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(run, job) for job in jobs]:
            future.result()


@row("T08")
@PUSH
def test_one_event_twenty_times_at_once_makes_one_set_of_keys(shop):
    shop.set_account(policy={"quantity_mode": "keys"})
    shop.subscribe(quantity=3)
    events = shop.news()
    answers = []
    _at_once(*[lambda event=event: answers.append(shop.post(event)) for event in events for _ in range(20)][:60])
    assert answers == [200] * 60
    assert all(kept.deliveries == 20 for kept in shop.events())
    _at_once(*[shop.work] * 5)
    assert ([key.stands for key in shop.sold()], len(shop.mails())) == (["active"] * 3, 1)


@row("T09")
@PULL
def test_the_webhook_and_the_reconciler_at_once_make_one_set_of_keys(shop):
    shop.buy(quantity=2)
    events = shop.news()
    shop.set_account(polled_until=shop.clock())
    account = shop.row()
    _at_once(lambda: shop.deliver(events), lambda: shop.parts.payment_reconcile.check(account), shop.work)
    shop.work()
    assert ([key.stands for key in shop.sold()], len(shop.mails())) == (["active"] * 2, 1)


def _die(*_args, **_more):
    raise Killed


def _nothing_is_there(shop: Shop) -> bool:
    with shop.session(read_only=True) as session:
        made = [session.exec(select(table)).first() for table in (KeySlot,)]
        issued = session.exec(select(Audit).where(Audit.action == "purchase.create")).first()
        sold = [key for key in session.exec(select(LicenseKey)) if not key.is_master]
    return made == [None] and issued is None and not sold and not shop.mails()


@row("T10")
def test_a_worker_that_dies_before_the_commit_leaves_nothing_and_the_next_one_all(shop, monkeypatch):
    shop.buy()
    monkeypatch.setattr(payment_events, "finish", _die)
    with pytest.raises(Killed):
        shop.deliver()
    assert _nothing_is_there(shop)
    monkeypatch.undo()
    shop.work()
    assert _nothing_is_there(shop)
    shop.clock.turn(seconds=payment_inbox.LEASE_SECONDS + 1)
    shop.work()
    assert (shop.key().stands, len(shop.mails())) == ("active", 1)


@row("T11")
def test_a_delivery_that_was_kept_and_not_answered_comes_again_and_counts_once(shop):
    shop.buy()
    (event,) = shop.news()
    shop.deliver([event])
    shop.deliver([event])
    (kept,) = shop.events()
    assert (kept.deliveries, shop.key().stands, len(shop.mails())) == (2, "active", 1)


@row("T12")
def test_a_worker_that_dies_after_the_first_of_three_keys_leaves_none(shop, monkeypatch):
    shop.set_account(policy={"quantity_mode": "keys"})
    shop.subscribe(quantity=3)
    made = []
    real = purchases_recompute.KeySlot

    def slot(**fields):
        made.append(fields)
        return _die() if len(made) > 1 else real(**fields)

    monkeypatch.setattr(purchases_recompute, "KeySlot", slot)
    with pytest.raises(Killed):
        shop.deliver()
    assert len(made) == 2
    assert (shop.sold(), shop.mails()) == ([], [])
    monkeypatch.undo()
    shop.clock.turn(seconds=payment_inbox.LEASE_SECONDS + 1)
    shop.deliver()
    assert ([key.stands for key in shop.sold()], len(shop.mails())) == (["active"] * 3, 1)


@row("T13")
def test_a_worker_that_was_killed_is_replaced_when_its_lease_ends(shop):
    shop.buy()
    shop.deliver(work=False)
    with shop.session() as session:
        lease = payment_events.claim(session, shop.clock(), for_seconds=60, longest_wait=timedelta(days=1))
    assert lease is not None
    shop.work()
    assert shop.sold() == []
    shop.clock.turn(seconds=61)
    shop.work()
    assert shop.key().stands == "active"
    with shop.session() as session:
        assert not payment_events.finish(session, lease, status="dead")
    assert [kept.status for kept in shop.events()] == ["processed"]
