"""What is tidied up every hour, and what a site admin sees of what is gone, is found by indexes, however much there is."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select
from support.offices import ACME, NOW
from support.query_plans import analyze, plans_of

from bridge.models import Audit, Outbox, PaymentAccount, PaymentEvent, PaymentOrder, Purchase
from bridge.storage import audits, installation, outbox, payment_accounts, payment_events

ROWS = 400
# An hour a row: forty of them are older than the first moment, and most than the second one.
OLD, LATE = NOW - timedelta(hours=ROWS - 40), NOW - timedelta(hours=100)


def _events(account_id):
    """All are read, but for the last twenty; what they said is forgotten but of the last 140."""
    for number in range(ROWS):
        yield {
            "account_id": account_id,
            "event_id": f"evt_{number}",
            "event_type": "invoice.paid",
            "source": "webhook",
            "status": "processed" if number < ROWS - 20 else "new",
            "payload": "{}" if number >= ROWS - 140 else None,
            "due_at": None if number < ROWS - 20 else NOW,
            "received_at": NOW - timedelta(hours=ROWS - number),
        }


def _mails():
    """All are out, but for one in twenty, which was never tried."""
    for number in range(ROWS):
        waits = number % 20 == 0
        yield {
            "dedupe_key": str(number),
            "kind": "keys",
            "owner_id": ACME,
            "status": "new" if waits else "sent",
            "due_at": NOW if waits else None,
            "created_at": NOW - timedelta(hours=ROWS - number),
        }


def _audits():
    """Somebody's address stands in the last hundred and in the first; one in twenty is of a deletion."""
    for number in range(ROWS):
        yield {
            "at": NOW - timedelta(hours=ROWS - number),
            "actor": "cli:root" if number % 2 and number > 1 else "gitea:17",
            "origin": "build-host" if number % 2 and number > 1 else "192.0.2.7" * (number >= ROWS - 100 or number < 2),
            "action": "key.delete" if number % 20 == 0 else "key.extend",
            "owner_id": ACME,
        }


def _orders(account_id, package_id):
    for number in range(ROWS):
        at = NOW - timedelta(hours=ROWS - number)
        yield {
            "id": str(number),
            "account_id": account_id,
            "package_id": package_id,
            "ref": f"cs_{number}",
            "created_at": at,
        }


@pytest.fixture
def busy(office):
    """An owner for whom much has happened."""
    package = office.package("A")
    with office.session() as session:
        account = PaymentAccount(
            owner_id=ACME, provider="stripe", mode="live", source="stripe", endpoint="e", created_at=NOW
        )
        session.add(account)
        session.flush()
        sold = [
            {"owner_id": ACME, "source": "stripe", "ref": f"cs_{number}", "created_at": NOW}
            for number in range(0, ROWS, 2)
        ]
        for table, rows in (
            (PaymentEvent, _events(account.id)),
            (Outbox, _mails()),
            (Audit, _audits()),
            (PaymentOrder, _orders(account.id, package)),
            (Purchase, sold),
        ):
            session.add_all(table(**row) for row in rows)
            session.flush()
    analyze(office.engine)
    return office


def _ask(busy, do):
    """What somebody finds who does it, and how; PostgreSQL would look through so few rows without any index."""
    with busy.session() as session:
        if busy.engine.dialect.name != "sqlite":
            session.execute(text("SET LOCAL enable_seqscan = off"))
        found, ((_, plan),) = plans_of(session, do)
        return found, plan


# What is done, how many rows it is to find, the index that leads to them.
TIDYING = {
    "what events said": (lambda session: payment_events.redact(session, LATE), 40, "ix_payment_event_told"),
    "events, whole": (lambda session: payment_events.forget(session, OLD), 40, "ix_payment_event_due_at_received_at"),
    "mails": (lambda session: outbox.forget(session, OLD), 38, "ix_outbox_due_at_created_at"),
    "mails never tried": (
        lambda session: outbox.drop_never_begun(session, LATE, "late"),
        15,
        "ix_outbox_due_at",  # or the longer one, which begins like it
    ),
    "addresses": (lambda session: audits.forget_addresses(session, LATE), None, "ix_audit_address"),
    "deletions": (lambda session: len(installation.deletions(session, 5)), 5, "ix_audit_deletion"),
    "sales": (lambda session: payment_accounts.forget_orders(session, OLD), 20, "ix_payment_order_created_at"),
}


def test_what_is_tidied_up_is_found_by_an_index_of_its_own(busy):
    for what, (do, wanted, index) in TIDYING.items():
        found, plan = _ask(busy, do)
        assert found == wanted, what
        assert index in plan, f"{what}: {plan}"
        assert not re.search(r"Sort|TEMP B-TREE|SCAN (?!audit USING INDEX ix_audit_deletion)", plan), f"{what}: {plan}"
    with busy.session(read_only=True) as session:
        kept = Counter(row.origin for row in session.exec(select(Audit)))
    assert kept == {"192.0.2.7": 50, "build-host": 199, "": 151, "here": 1}
