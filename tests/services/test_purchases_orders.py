"""Random lives of purchases through the database: whatever the order, the same keys, and never two for one slot."""

from datetime import timedelta
from random import Random

import pytest
from sqlmodel import select
from support.offices import ACME, NOW
from support.payment_scenarios import Scenario, deliveries, scenario

from bridge.models import Audit, KeySlot, LicenseKey, Purchase
from bridge.rules.payments.facts import OWN_PAYMENT, Dispute, Fact, PayLink, Refund, RefundFloor
from bridge.rules.payments.purchase import gathered
from bridge.rules.payments.slots import demanded
from bridge.services import purchases_recompute
from bridge.services.purchases_recompute import recompute
from bridge.storage import purchase_facts, purchases
from bridge.storage.purchase_facts import Account

SEEDS, ORDERS = range(6), 3
DERIVED = ("package_id", "max_sites", "starts_at", "expires_at", "payment_hold", "payment_reason", "paid_grace_until")


@pytest.fixture
def sold(office):
    """Three packages of the same site limit; returns their ids."""
    return [office.package(name, max_sites=2) for name in ("One", "Two", "Three")]


def live(office, told: Scenario, name: str, facts: list[Fact], dice: Random) -> int:
    """Tell it all in one transaction, recomputing now and then; what an account may hear early comes as an orphan."""
    with office.session() as session:
        row = Purchase(owner_id=ACME, source=name, ref="P-1", subscription=told.subscription, created_at=NOW)
        purchase, _ = purchases.open_purchase(session, row)
        for fact in facts:
            early = isinstance(fact, PayLink | Refund | RefundFloor | Dispute)
            orphan = early and getattr(fact, "payment_ref", "") != OWN_PAYMENT
            purchase_facts.put(session, Account(ACME, name), fact, None if orphan else purchase.id)
            if dice.random() < 0.2:
                recompute(session, purchase, office.issuer())
        recompute(session, purchase, office.issuer())
        return purchase.id


def keys_of(office, purchase_id: int) -> dict[tuple[str, int], dict]:
    with office.session(read_only=True) as session:
        query = select(KeySlot, LicenseKey).join(LicenseKey).where(KeySlot.purchase_id == purchase_id)
        return {
            (slot.line_ref, slot.unit_no): {name: getattr(key, name) for name in DERIVED}
            for slot, key in session.exec(query)
        }


def conclusion_of(office, purchase_id: int) -> tuple:
    with office.session(read_only=True) as session:
        row = session.get_one(Purchase, purchase_id)
        return row.status, row.needs_review, row.reviews


@pytest.mark.parametrize("seed", SEEDS)
def test_t103_whatever_the_order_the_keys_in_the_database_are_the_same(office, sold, seed, monkeypatch):
    told = scenario(seed * 7, sold)
    monkeypatch.setattr(purchases_recompute, "policy_of", lambda *_: told.policy)
    wanted = {tuple(slot) for slot in demanded(gathered(told.facts, subscription=told.subscription), told.policy)}
    expected = live(office, told, "in-order", list(told.facts), Random(seed))
    keys = keys_of(office, expected)
    assert keys.keys() >= wanted
    for order in range(ORDERS):
        shuffled = live(office, told, f"order-{order}", deliveries(told, order), Random(order))
        found = keys_of(office, shuffled)
        assert {slot: found[slot] for slot in wanted} == {slot: keys[slot] for slot in wanted}
        assert all(found[slot]["payment_hold"] for slot in found.keys() - wanted)
        assert conclusion_of(office, shuffled) == conclusion_of(office, expected)


def test_a_recompute_of_everything_gives_the_same_columns(office, sold, monkeypatch):
    lives = {}
    for seed in (3, 5, 8, 13):
        told = scenario(seed, sold)
        lives[live(office, told, f"s{seed}", list(told.facts), Random(seed))] = told
    for purchase_id, told in lives.items():
        monkeypatch.setattr(purchases_recompute, "policy_of", lambda *_, told=told: told.policy)
        with office.session() as session:
            recompute(session, session.get_one(Purchase, purchase_id), office.issuer())
        before, rows = keys_of(office, purchase_id), len(office.trail())
        with office.session() as session:
            recompute(session, session.get_one(Purchase, purchase_id), office.issuer())
        assert (keys_of(office, purchase_id), len(office.trail())) == (before, rows)
        with office.session() as session:
            for slot in purchases.slots_of(session, purchase_id):
                key = session.get_one(LicenseKey, slot.key_id)
                key.starts_at, key.expires_at = NOW + timedelta(days=9), NOW
                key.payment_hold, key.payment_reason, key.paid_grace_until = "suspend", "dispute", NOW
                session.add(key)
            recompute(session, session.get_one(Purchase, purchase_id), office.issuer())
        assert keys_of(office, purchase_id) == before
    with office.session(read_only=True) as session:
        assert len(session.exec(select(KeySlot)).all()) == len(session.exec(select(LicenseKey)).all())
        assert session.exec(select(Audit).where(Audit.action == "key.payment")).first() is not None


def test_nothing_is_kept_of_a_sale_whose_transaction_does_not_end(office, sold, monkeypatch):
    """A process that dies before the commit leaves what a rolled-back transaction leaves: the database decides both."""
    told = next(each for each in (scenario(seed, sold, kind="shop") for seed in range(99)) if len(each.facts) > 3)

    def die(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(purchases_recompute, "_conclude", die)
    before = len(office.trail())
    with pytest.raises(KeyboardInterrupt):
        live(office, told, "s", list(told.facts), Random(0))
    with office.session(read_only=True) as session:
        assert [session.exec(select(table)).first() for table in (Purchase, KeySlot)] == [None, None]
        assert all(key.is_master for key in session.exec(select(LicenseKey)))
    assert len(office.trail()) == before
    monkeypatch.undo()
    assert keys_of(office, live(office, told, "s", list(told.facts), Random(0)))
