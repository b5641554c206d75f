"""Keys that were there before their purchase: what is paid there extends them, and makes none beside them."""

from datetime import timedelta

import pytest
from sqlmodel import select
from support.offices import ACME, MODULE, NOW, OTHER

from bridge.errors import InvalidInputError, RefusedError
from bridge.models import KeySlot, LicenseKey, Package, Purchase
from bridge.rules.payments.facts import Cancel, PaidPeriod, Refund, Snapshot, SnapshotItem
from bridge.services import purchases, purchases_recompute
from bridge.services.key_inputs import KeyInput
from bridge.services.purchases import Order
from bridge.storage import licenses, purchase_facts
from bridge.storage.purchase_facts import Account

YEAR, DAY = timedelta(days=365), timedelta(days=1)


def adopt(office, key_id: int, ref: str = "sub_1", source: str = "stripe") -> int:
    with office.changing(key_id) as (session, key):
        return purchases.adopt(session, key, source, ref, office.issuer()).id


def pay(office, purchase_id: int, **stated) -> None:
    period = PaidPeriod(**{"period_ref": "p1", "paid_at": office.now} | stated)
    with office.session() as session:
        purchases.pay_on(session, session.get_one(Purchase, purchase_id), period, office.issuer())


def count(office) -> int:
    with office.session(read_only=True) as session:
        return len(session.exec(select(LicenseKey)).all())


def test_an_adopted_key_stays_as_it_is_but_for_its_reference(office):
    key_id = office.key(customer_name="Ann")
    before = office.read(key_id)
    adopt(office, key_id)
    after = office.read(key_id)
    assert after.model_dump() == before.model_dump() | {"payment_ref": "sub_1"}
    (row,) = office.trail(action="purchase.adopt")
    assert row.after == {"source": "stripe", "ref": "sub_1", "key": key_id}


def test_what_is_paid_extends_it_and_never_takes_away_what_it_had(office):
    key_id = office.key()
    had, before = office.read(key_id).expires_at, count(office)
    purchase = adopt(office, key_id)
    pay(office, purchase, ends_at=NOW + 30 * DAY)
    assert (office.read(key_id).expires_at, office.read(key_id).starts_at) == (had, NOW)
    pay(office, purchase, period_ref="p2", ends_at=had + 40 * DAY)
    assert office.read(key_id).expires_at == had + 40 * DAY
    assert office.read(key_id).paid_grace_until == had + 43 * DAY  # a late charge is waited for
    pay(office, purchase, period_ref="p3")
    assert office.read(key_id).expires_at.year == (had + 40 * DAY).year + 1
    assert count(office) == before


def test_a_key_without_end_stays_so(office):
    key_id = office.key(office.package(term="lifetime"))
    pay(office, adopt(office, key_id), ends_at=NOW + DAY)
    assert office.read(key_id).expires_at is None


def test_it_is_adopted_once_and_by_one_purchase(office):
    key_id = office.key()
    assert adopt(office, key_id) == adopt(office, key_id)
    assert len(office.trail(action="purchase.adopt")) == 1
    with pytest.raises(RefusedError, match="another purchase"):
        adopt(office, key_id, "sub_2")
    with office.session(read_only=True) as session:
        assert len(session.exec(select(KeySlot)).all()) == len(session.exec(select(Purchase)).all()) == 1


def test_several_keys_of_one_purchase_live_together(office):
    package = office.package()
    keys = [office.key(package) for _ in range(3)]
    (purchase,) = {adopt(office, key_id) for key_id in keys}
    had = office.read(keys[0]).expires_at
    pay(office, purchase)
    assert {office.read(key_id).expires_at for key_id in keys} == {had.replace(year=had.year + 1)}


def test_keys_of_different_terms_need_a_stated_end(office):
    keys = [office.key(office.package(str(days), term=f"{days} days")) for days in (30, 60)]
    (purchase,) = {adopt(office, key_id) for key_id in keys}
    with pytest.raises(InvalidInputError, match="until when"):
        pay(office, purchase)
    pay(office, purchase, ends_at=NOW + YEAR)
    assert {office.read(key_id).expires_at for key_id in keys} == {NOW + YEAR}


def test_a_sale_that_is_told_later_takes_the_adopted_key_and_makes_what_lacks(office):
    key_id = office.key(customer_name="Ann", customer_email="ann@example.com")
    purchase, before = adopt(office, key_id, "G-1", "shop"), count(office)
    with office.session() as session:
        package = session.get_one(Package, office.read(key_id).package_id)
        order = Order("shop", "G-1", KeyInput(quantity=2, customer_name="Annie"))
        sold, new = purchases.sell(session, package, order, office.issuer())
        assert (sold.id, new, sold.customer_name) == (purchase, False, "Ann")
    assert count(office) == before + 1
    with office.session(read_only=True) as session:
        slots = session.exec(select(KeySlot).order_by(KeySlot.unit_no)).all()
    assert [(slot.unit_no, slot.key_id == key_id, slot.adopted) for slot in slots] == [
        (1, True, True),
        (2, False, False),
    ]


def test_a_subscription_that_its_provider_shows_later_takes_it_and_moves_it_to_its_package(office):
    key_id, team = office.key(), office.package("Team", max_sites=3)
    purchase, before = adopt(office, key_id), count(office)
    end = NOW + 400 * DAY
    facts = [
        Snapshot.seen("sub_1", "active", (SnapshotItem("si_1", team, 2, end),)),
        PaidPeriod("in_1", "si_1", NOW, end, NOW, 4900, "EUR", package_id=team, quantity=2),
    ]
    with office.session() as session:
        for fact in facts:
            purchase_facts.put(session, Account(ACME, "stripe"), fact, purchase)
        purchases_recompute.recompute(session, session.get_one(Purchase, purchase), office.issuer())
    key = office.read(key_id)
    assert (key.package_id, key.max_sites, key.expires_at, count(office)) == (team, 6, end, before)


def test_a_cancelled_subscription_leaves_it_what_it_had(office):
    key_id = office.key()
    had = office.read(key_id).expires_at
    purchase = adopt(office, key_id)
    pay(office, purchase, ends_at=had + 10 * DAY)
    with office.session() as session:
        row = session.get_one(Purchase, purchase)
        purchases.refund(session, row, Refund("r", "p1", status="succeeded"), office.issuer())
        purchases.cancel(session, row, Cancel(NOW), office.issuer())
    key = office.read(key_id)
    assert (key.expires_at, key.payment_hold) == (had, None)


def test_a_master_key_and_odd_references_are_refused(office):
    _, master = office.master()
    with pytest.raises(RefusedError, match="never sold"):
        adopt(office, master)
    for ref in ("", "a b", "x" * 256, "a/b"):
        with pytest.raises(InvalidInputError, match="letters, digits"):
            adopt(office, office.key(), ref)


def test_keys_that_went_to_another_owner_with_their_repo_are_left_alone(office):
    package = office.package("Module", repo_id=MODULE)
    with office.session() as session:
        order = Order("shop", "G-1", KeyInput())
        purchase, _ = purchases.sell(session, session.get_one(Package, package), order, office.issuer())
        purchase_id = purchase.id
    (slot,) = _slots(office, purchase_id)
    with office.session() as session:
        licenses.hand_over_repo_packages(session, MODULE, OTHER)
    before = office.read(slot.key_id)
    pay(office, purchase_id)
    assert office.read(slot.key_id) == before
    with office.session(read_only=True) as session:
        row = session.get_one(Purchase, purchase_id)
        assert (row.needs_review, row.reviews) == (True, ["the keys are another owner's now, and are left as they are"])
    with office.session() as session:
        licenses.hand_over_repo_packages(session, MODULE, ACME)
    pay(office, purchase_id, period_ref="p2")
    assert office.read(slot.key_id).expires_at > before.expires_at + YEAR


def _slots(office, purchase_id: int):
    with office.session(read_only=True) as session:
        return session.exec(select(KeySlot).where(KeySlot.purchase_id == purchase_id)).all()
