"""A payment that its buyer contests holds its key back, until somebody decides; and nothing is final for ever."""

import pytest
from support.payment_rows import row
from support.payment_shops import Shop

from bridge.models import LicenseKey
from bridge.services import keys

STEPS = [
    ("T50", ["needs_response"], "suspended dispute"),
    ("T51", ["needs_response", "won"], "active"),
    ("T52", ["needs_response", "lost"], "revoked chargeback"),
    ("T53", ["warning_needs_response", "warning_closed"], "active"),
    ("T54", ["needs_response", "lost", "appeal_needs_response", "appeal_under_review"], "suspended dispute"),
    ("T54", ["needs_response", "lost", "appeal_needs_response", "appeal_under_review", "won"], "active"),
    ("T55", ["needs_response", "lost", "appeal_needs_response", "lost"], "revoked chargeback"),
]


def _story(words: list[str]):
    def story(shop: Shop):
        session = shop.buy()
        yield
        dispute = shop.world.dispute(shop.world.payment_of(session), words[0])
        yield
        for word in words[1:]:
            shop.clock.turn(days=1)
            shop.world.dispute_becomes(dispute, word)
            yield

    return story


@pytest.mark.parametrize(("row", "words", "stands"), STEPS, indirect=["row"], ids=lambda value: str(value)[:40])
def test_a_key_stands_as_its_dispute_does(tell, row, words, stands):
    assert tell(_story(words)).key().stands == stands


@row("T50", "T51", "T52", "T53", "T54", "T55")
def test_the_steps_above_try_this_row(row):
    assert row in {name for name, _, _ in STEPS}


@row("T53")
def test_an_inquiry_is_shown_and_holds_nothing_back(shop):
    session = shop.buy()
    shop.world.dispute(shop.world.payment_of(session), "warning_needs_response")
    shop.deliver()
    assert (shop.key().stands, shop.purchase().flags) == ("active", ["inquiry"])


@row("T50")
def test_a_seller_may_let_keys_work_while_a_dispute_is_open(shop):
    shop.set_account(policy={"dispute_open": "ignore"})
    session = shop.buy()
    shop.world.dispute(shop.world.payment_of(session))
    shop.deliver()
    assert shop.key().stands == "active"


@row("T56")
def test_a_dispute_finds_its_subscription_through_payment_and_invoice(tell):
    def story(shop: Shop):
        shop.subscribe()
        invoice = shop.world.of_kind("invoice")[0]["id"]
        yield
        shop.world.dispute(shop.world.payment_of(invoice))
        yield

    assert tell(story).key().stands == "suspended dispute"


@row("T57")
def test_what_a_person_held_back_stays_so_whatever_is_paid_or_won(shop):
    session = shop.buy()
    shop.deliver()
    with shop.session() as session_:
        row_ = session_.get_one(LicenseKey, shop.key().id)
        keys.suspend(session_, row_, True, shop.tester, shop.clock())
    dispute = shop.world.dispute(shop.world.payment_of(session))
    shop.world.dispute_becomes(dispute, "won")
    shop.deliver()
    assert shop.key().state == "suspended"
    with shop.session(read_only=True) as session_:
        assert session_.get_one(LicenseKey, shop.key().id).suspended_at is not None


@row("T57")
def test_what_a_person_revoked_stays_so_whatever_is_paid(shop):
    subscription = shop.subscribe()
    shop.deliver()
    with shop.session() as session:
        keys.revoke(session, session.get_one(LicenseKey, shop.key().id), "", shop.issuer())
    shop.clock.turn(days=31)
    shop.world.renew(subscription)
    shop.deliver()
    assert shop.key().state == "revoked"


def test_a_fraud_warning_is_told_to_the_seller_and_holds_nothing_back(shop):
    session = shop.buy()
    shop.deliver()
    shop.world.warn(shop.world.payment_of(session))
    shop.deliver()
    assert (shop.key().stands, len(shop.mails("fraud_warning"))) == ("active", 1)
