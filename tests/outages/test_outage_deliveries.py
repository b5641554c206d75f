"""Deliveries of a payment provider, shuffled and repeated, while everybody is killed: the books of the orderly world."""

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import func, select
from support.deliveries import SENDERS, Deliveries, shuffled
from support.payment_lives import live
from support.payment_shops import open_shop
from support.served import until

from bridge.models import KeyCode, LicenseKey, PaymentEvent
from bridge.services.payment_inbox import LEASE_SECONDS

# How often each is killed; starting all of `serve` again takes ten times as long as starting one web worker.
WEIGHTS = {"web worker": 6, "worker": 3, "serve": 1, "web": 1}
# What is told here is the worker's work: in a long run it is left to do so many events before it is killed again.
AT_LEAST_DONE = 50
DELIVERIES_OF_A_PURCHASE = 20
# What a killed worker was reading is free again when its lease ends, after five minutes. Only long runs wait for that.
LONG = 500
# So long do the deliveries of a short run last: as long as three kills.
LASTING_SECONDS = 9.0


@pytest.fixture
def shop(database_url, tmp_path):
    """A shop in the database and the directory of the installation, which a served bridge works for as well."""
    opened = open_shop(database_url, tmp_path)
    opened.set_account(policy={"quantity_mode": "keys"})
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_shuffled_deliveries_among_kills_end_in_the_books_of_the_orderly_world(
    installation, shop, start, deliveries, seed, figure
):
    purchases = deliveries // DELIVERIES_OF_A_PURCHASE
    events = told_in_order(shop, purchases, seed)
    now = datetime.now(UTC)
    orderly = books(shop, now)
    assert len(orderly) == purchases
    shop.move_out()
    dice, owners = random.Random(seed), ["acme", f"acme{shop.owner_id}"]
    served = start(payments={"stripe_url": shop.api.base_url}, bridge={"owners": owners})
    until(served.answers, "an answer")
    door = f"{served.base}/-/licensing/hooks/stripe/{shop.account.endpoint}"
    pause = 0.0 if deliveries >= LONG else LASTING_SECONDS * SENDERS / deliveries
    sent = Deliveries(door, shop.account.secret, shuffled(events, deliveries, dice), pause)
    sent.start()
    kills = killed_meanwhile(served, shop, sent, dice, is_long=deliveries >= LONG)
    until(lambda: sent.done() or sent.wrong, "an answer to every delivery")
    assert sent.wrong == []
    if deliveries < LONG:
        end_leases(shop)
    until(lambda: not unread(shop, "new", "leased", "failed"), "the end of the inbox", 2 * LEASE_SECONDS)
    served.stop()
    found = books(shop, now)
    wrong = {ref for ref in orderly.keys() | found.keys() if orderly.get(ref) != found.get(ref)}
    figure("chaos_wrong_states", f"{len(wrong)} of {purchases}")
    figure("deliveries of events", f"{deliveries} of {len(events)}")
    figure("kills", dict(kills))
    figure("answers", dict(sent.answers) | {"none": sent.unanswered})
    figure("keys", sum(len(each) - 1 for each in found.values()))
    assert {ref: (orderly.get(ref), found.get(ref)) for ref in wrong} == {}
    assert times_taken_in(shop, events) >= sent.answers[200] >= deliveries
    assert keys_without_a_purchase(shop) == []


def killed_meanwhile(served, shop, sent, dice, *, is_long):
    """Kill about every second while deliveries come and are read; how many of each kind."""
    kills, done = Counter(), 0
    for kind in victims(dice, is_long=is_long):
        time.sleep(dice.uniform(0.3, 1.0))
        if sent.wrong or (is_long and sent.done() and not unread(shop, "new")):
            break
        assert is_long or not sent.done(), "nothing is on its way any more"
        if kind in {"worker", "serve"}:
            if is_long and read(shop) < done + AT_LEAST_DONE:
                continue
            done = read(shop)
        served.kill(kind, dice.choice)
        kills[kind] += 1
    return kills


def victims(dice, *, is_long):
    """Whom to kill: each kind that matters here once; in a long run on and on."""
    yield from ("worker", "web worker", "serve")
    while is_long:
        yield dice.choices(list(WEIGHTS), weights=WEIGHTS.values())[0]


def told_in_order(shop, purchases, seed):
    """Tell so many lives, each event as soon as it happens; returns all events. They began a year ago."""
    events, began = [], datetime.now(UTC).replace(microsecond=0) - timedelta(days=365)
    for number in range(purchases):
        shop.clock.now = began + timedelta(minutes=number)
        for _ in live(random.Random(seed * 1_000_003 + number), shop, f"buyer{number}@customers.example"):
            news = shop.news()
            events += news
            shop.deliver(news)
    return events


def books(shop, now):
    """What each purchase is worth, with its keys, by reference; every key was mailed once."""
    shop.clock.now = now
    mailed = Counter(key_id for mail in shop.mails() for key_id in mail.reference["keys"])
    found = {row.ref: [(row.status, row.flags, row.reviews, row.customer_email)] for row in shop.purchases()}
    sold = shop.sold()
    for key in sold:
        assert mailed[key.id] == 1, f"{key} is mailed {mailed[key.id]} times"
    for key in shop.bought(sold):
        found[key.ref].append(key)
    return found


def unread(shop, *states):
    """How many events in these states are yet to be read."""
    with shop.session(read_only=True) as session:
        waiting = select(func.count()).where(PaymentEvent.status.in_(states), PaymentEvent.due_at.is_not(None))
        return session.exec(waiting).one()


def read(shop):
    """How many events of the account were read."""
    with shop.session(read_only=True) as session:
        of_account = select(func.count()).where(PaymentEvent.account_id == shop.account.id)
        return session.exec(of_account.where(PaymentEvent.status.not_in(("new", "leased")))).one()


def end_leases(shop):
    """Let what killed workers were reading be free at once."""
    with shop.session() as session:
        for row in session.exec(select(PaymentEvent).where(PaymentEvent.status == "leased")):
            row.due_at = datetime.now(UTC)
            session.add(row)


def times_taken_in(shop, events):
    """How many deliveries the inbox has counted; every event is in it."""
    kept = {row.event_id: row.deliveries for row in shop.events()}
    assert kept.keys() == {event["id"] for event in events}
    return sum(kept.values())


def keys_without_a_purchase(shop):
    """Keys of the owner that nobody bought, or that have no code or two."""
    sold = {key.id for key in shop.sold()}
    with shop.session(read_only=True) as session:
        codes = select(LicenseKey.id, func.count(KeyCode.code)).join(KeyCode, isouter=True)
        codes = codes.where(LicenseKey.owner_id == shop.owner_id, LicenseKey.is_master.is_(False))
        return [each for each in session.exec(codes.group_by(LicenseKey.id)) if each[0] not in sold or each[1] != 1]
