"""Facts about purchases as rows: read as they were told, merged in any order, claimed when it is known whose they are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from support.offices import ACME, NOW, OTHER

from bridge.errors import ConflictError
from bridge.models import KeySlot, Purchase, RefundFact
from bridge.rules.payments.facts import (
    Cancel,
    Dispute,
    PaidPeriod,
    PayLink,
    Refund,
    RefundFloor,
    Sale,
    Snapshot,
    SnapshotItem,
    SoldLine,
    Version,
)
from bridge.rules.terms import Term
from bridge.storage import purchase_facts, purchases
from bridge.storage.purchase_facts import Account

LATER = datetime(2027, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
VERSION = Version(7, LATER, "evt_1")
FACTS = [
    Sale("cs_1", paid=True, paid_at=NOW, starts_at=LATER, valid_until=LATER, amount_minor=10**15, currency="EUR"),
    Sale("cs_1", failed=True, payment_ref="pi", invoice_ref="in", subscription_ref="sub"),
    SoldLine("a", 1, 3, Term("days", 30), timedelta(days=1_000_000), "sites"),
    SoldLine("a", None, 0, Term("custom", starts=date(2026, 1, 1), until=LATER)),
    SoldLine("a", 1, 1, Term("custom", until=date(2027, 1, 1)), timedelta(hours=5), "keys"),
    PaidPeriod("in_1", "a", NOW, LATER, NOW, 0, "JPY", package_id=1, quantity=5, quantity_mode="keys"),
    PaidPeriod("in_1", paid_at=NOW, term=Term("lifetime"), grace=timedelta(days=3)),
    PayLink("pi_1", "in_1", 4900, "EUR"),
    Refund("re_1", "pi_1", 100, "EUR", "failed", "reversal"),
    Refund.seen("re_1", "", None, "", "odd"),
    RefundFloor("pi_1", 100, 4900, "EUR"),
    Dispute("dp_1", "pi_1", "lost", VERSION),
    Dispute.seen("dp_1", "pi_1", "odd", VERSION),
    Snapshot.seen(
        "sub_1",
        "active",
        (SnapshotItem("b", 1, 2, LATER, "keys"), SnapshotItem("a", None, 0)),
        cancel_at=LATER,
        cancel_at_period_end=True,
        ended_at=NOW,
        version=VERSION,
    ),
    Snapshot.seen("sub_1", "odd", version=VERSION),
    Cancel(LATER, immediate=True),
]


@pytest.fixture
def bought(office):
    """Two purchases at one source; returns their ids."""
    office.package()
    with office.session() as session:
        rows = [
            purchases.open_purchase(session, Purchase(owner_id=ACME, source="s", ref=ref, created_at=NOW))[0]
            for ref in ("P-1", "P-2")
        ]
        return [row.id for row in rows]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_is_read_as_it_was_told(office, bought, fact):
    with office.session() as session:
        assert purchase_facts.put(session, Account(ACME, "s"), fact, bought[0])
        assert not purchase_facts.put(session, Account(ACME, "s"), fact, bought[0])
    with office.session(read_only=True) as session:
        assert purchase_facts.of_purchase(session, bought[0]) == [fact]
        assert purchase_facts.of_purchase(session, bought[1]) == []


@pytest.mark.parametrize("one", {fact.key: fact for fact in FACTS}.values(), ids=lambda fact: type(fact).__name__)
def test_two_reports_of_one_thing_are_one_row_in_either_order(office, bought, one):
    others = [fact for fact in FACTS if fact.key == one.key]
    for facts in (others, others[::-1]):
        with office.session() as session:
            for fact in facts:
                purchase_facts.put(session, Account(ACME, "s"), fact, bought[0])
            merged = others[0]
            for fact in others[1:]:
                merged = merged.merged(fact)
            session.expire_all()
            assert purchase_facts.of_purchase(session, bought[0]) == [merged]
            session.rollback()


def test_names_are_an_accounts_own_or_a_purchases(office, bought):
    fact = Refund("re_1", "pi_1", 100, "EUR", "succeeded")
    with office.session() as session:
        assert purchase_facts.put(session, Account(ACME, "s"), fact, bought[0])
        for account in (Account(ACME, "t"), Account(OTHER, "s"), Account(ACME, "s", "P-1"), Account(ACME, "s", "P-2")):
            assert purchase_facts.put(session, account, fact, None)
        assert len(session.exec(select(RefundFact)).all()) == 5
        with pytest.raises(ConflictError, match="another purchase"):
            purchase_facts.put(session, Account(ACME, "s"), fact, bought[1])


def test_what_came_first_is_claimed_along_its_links(office, bought):
    early = [
        Refund("re_1", "ch_1", 100, "EUR", "succeeded"),
        PayLink("ch_1", "pi_1"),
        PayLink("pi_1", "in_1"),
        Dispute("dp_1", "pi_1", "lost"),
        RefundFloor("pi_2", 100),
    ]
    with office.session() as session:
        for fact in early:
            assert purchase_facts.put(session, Account(ACME, "s"), fact, None)
        row = session.get_one(Purchase, bought[0])
        assert purchase_facts.of_purchase(session, bought[0]) == []
        assert purchase_facts.claim_orphans(session, row, ["in_1"])
        assert purchase_facts.claim_orphans(session, row, ["in_1", "pi_1"])
        assert purchase_facts.claim_orphans(session, row, ["in_1", "pi_1", "ch_1"])
        assert not purchase_facts.claim_orphans(session, row, ["in_1", "pi_1", "ch_1"])
        assert {fact.key for fact in purchase_facts.of_purchase(session, bought[0])} == {each.key for each in early[:4]}
        assert not purchase_facts.claim_orphans(session, session.get_one(Purchase, bought[1]), ["in_1"])


def test_a_reference_is_one_purchase_and_a_unit_one_slot(office, bought):
    with office.session() as session:
        found, new = purchases.open_purchase(session, Purchase(owner_id=ACME, source="s", ref="P-1", created_at=NOW))
        assert (found.id, new) == (bought[0], False)
        other, new = purchases.open_purchase(session, Purchase(owner_id=ACME, source="s", ref="p-1", created_at=NOW))
        assert new
        assert other.id not in bought
    with pytest.raises(IntegrityError), office.session() as session:
        session.add(Purchase(owner_id=ACME, source="s", ref="P-1", created_at=NOW))
    key, slot = office.key(), {"line_ref": "a", "package_id": 1, "created_at": NOW}
    with office.session() as session:
        session.add(KeySlot(purchase_id=bought[0], unit_no=1, key_id=key, **slot))
    for purchase_id, unit_no, key_id in ((bought[0], 1, None), (bought[1], 1, key), (bought[1], 0, None)):
        with pytest.raises(IntegrityError), office.session() as session:
            session.add(KeySlot(purchase_id=purchase_id, unit_no=unit_no, key_id=key_id, **slot))
