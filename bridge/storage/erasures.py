"""Takes what is about a customer out of the tables. In SQL, so that a thousand keys take no longer than they must."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, delete, or_, text, update
from sqlmodel import Session, col, select

from bridge.models import (
    Audit,
    Customer,
    CustomerPastKey,
    CustomerWord,
    DisputeFact,
    KeyDomain,
    LicenseKey,
    LinkFact,
    PaymentAccount,
    PaymentEvent,
    PeriodFact,
    Purchase,
    RefundFact,
    SaleFact,
    Site,
)
from bridge.rules.customers import Traces
from bridge.storage.engine import answering

# By what names a provider calls what belongs to a purchase.
_NAMES: tuple[tuple[Any, Any], ...] = (
    (SaleFact, SaleFact.sale_ref),
    (SaleFact, SaleFact.payment_ref),
    (SaleFact, SaleFact.invoice_ref),
    (SaleFact, SaleFact.subscription_ref),
    (PeriodFact, PeriodFact.period_ref),
    (LinkFact, LinkFact.payment_ref),
    (LinkFact, LinkFact.leads_to),
    (RefundFact, RefundFact.refund_ref),
    (DisputeFact, DisputeFact.dispute_ref),
)
# Databases limit how many values a statement takes.
_AT_ONCE = 500
# PostgreSQL adds up exactly what it takes away, though sites go on being counted meanwhile.
_MERGE_AT_ONCE = """
WITH gone AS (
    DELETE FROM usage_day WHERE key_id IN :keys AND site <> ''
    RETURNING day, repo_id, key_id, kind, code, version, cms, php, count
)
INSERT INTO usage_day (day, repo_id, key_id, site, kind, code, version, cms, php, count)
SELECT day, repo_id, key_id, '', kind, code, version, cms, php, sum(count) FROM gone
GROUP BY day, repo_id, key_id, kind, code, version, cms, php
ON CONFLICT (day, repo_id, key_id, site, kind, code, version, cms, php)
DO UPDATE SET count = usage_day.count + excluded.count
"""
_MERGE_FIRST = """
INSERT INTO usage_day (day, repo_id, key_id, site, kind, code, version, cms, php, count)
SELECT day, repo_id, key_id, '', kind, code, version, cms, php, sum(count) FROM usage_day
WHERE key_id IN :keys AND site <> ''
GROUP BY day, repo_id, key_id, kind, code, version, cms, php
ON CONFLICT (day, repo_id, key_id, site, kind, code, version, cms, php)
DO UPDATE SET count = usage_day.count + excluded.count
"""
_THEN_DELETE = "DELETE FROM usage_day WHERE key_id IN :keys AND site <> ''"


def overwrite_what_is_deleted(session: Session) -> None:
    """Let SQLite fill the room of deleted texts with zeros, where its build does not do so anyway."""
    if _is_sqlite(session):
        session.connection().exec_driver_sql("PRAGMA secure_delete = ON")


def empty_log(engine: Engine) -> None:
    """Let SQLite's write-ahead log go, with the old texts in it; as far as nobody reads in it at this moment."""
    if engine.dialect.name == "sqlite":
        with answering(), engine.connect().execution_options(read_only=True) as connection:
            connection.rollback()
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def held_keys(session: Session, customer_id: int) -> list[LicenseKey]:
    """The keys of a customer, as they are now; nobody changes them before this transaction ends."""
    query = select(LicenseKey).where(LicenseKey.customer_id == customer_id).order_by(col(LicenseKey.id))
    query = query.with_for_update(key_share=True)
    return list(session.exec(query, execution_options={"populate_existing": True}))


def held_purchases(session: Session, customer_ids: Sequence[int]) -> list[Purchase]:
    """What customers ordered, as it is now; nobody changes it before this transaction ends."""
    query = select(Purchase).where(col(Purchase.customer_id).in_(customer_ids)).order_by(col(Purchase.id))
    query = query.with_for_update(key_share=True)
    return list(session.exec(query, execution_options={"populate_existing": True}))


def past_keys(session: Session, customer_id: int) -> list[tuple[int, datetime, LicenseKey | None]]:
    """The keys that a customer had, until when, and what they are now; ``None`` for a deleted one."""
    query = select(CustomerPastKey, LicenseKey).where(CustomerPastKey.customer_id == customer_id)
    found = session.exec(query.join(LicenseKey, col(LicenseKey.id) == CustomerPastKey.key_id, isouter=True))
    return [(past.key_id, past.left_at, key) for past, key in found]


def without_keys_but(session: Session, key_ids: Sequence[int]) -> list[Customer]:
    """Customers who have no key and never had one but these: they were the same person under a mistyped address."""
    found: dict[int, Customer] = {}
    for chunk in _chunks(key_ids):
        had = select(CustomerPastKey.customer_id).where(col(CustomerPastKey.key_id).in_(chunk))
        for customer in session.exec(select(Customer).where(col(Customer.id).in_(had))):
            found[customer.id or 0] = customer
    return [each for each in found.values() if _only_had(session, each.id or 0, set(key_ids))]


def _only_had(session: Session, customer_id: int, key_ids: set[int]) -> bool:
    if session.exec(select(LicenseKey.id).where(LicenseKey.customer_id == customer_id).limit(1)).first() is not None:
        return False
    had = session.exec(select(CustomerPastKey.key_id).where(CustomerPastKey.customer_id == customer_id))
    return set(had) <= key_ids


def merge_usage(session: Session, key_ids: Sequence[int]) -> None:
    """Count what the keys did without telling on which sites. No count is lost."""
    statements = (_MERGE_FIRST, _THEN_DELETE) if _is_sqlite(session) else (_MERGE_AT_ONCE,)
    for chunk in _chunks(key_ids):
        for statement in statements:
            session.execute(text(statement).bindparams(bindparam("keys", chunk, expanding=True)))


def blur_trail(session: Session, subjects: Iterable[str], traces: Traces, until: datetime | None = None) -> int:
    """Take what is about the customer out of the trail of some things, up to a moment. Returns how many rows changed.

    That something was done stays, and who did it, when and from where.
    """
    table: Any = Audit.__table__  # type: ignore[attr-defined]
    change = update(table).where(table.c.id == bindparam("row")).values(before=bindparam("b"), after=bindparam("a"))
    blurred = 0
    for chunk in _chunks(list(subjects)):
        told = or_(table.c.before.is_not(None), table.c.after.is_not(None))
        query = select(table.c.id, table.c.before, table.c.after).where(table.c.subject.in_(chunk), told)
        if until is not None:
            query = query.where(table.c.at <= until)
        rows = [
            {"row": id_, "b": traces.erased(before), "a": traces.erased(after)}
            for id_, before, after in session.execute(query).all()
            if (traces.erased(before), traces.erased(after)) != (before, after)
        ]
        if rows:
            session.connection().execute(change, rows)
        blurred += len(rows)
    return blurred


def strip_keys(session: Session, keys: Sequence[LicenseKey], traces: Traces) -> None:
    """Take the person out of keys. They go on: code, package, dates and limits stay as they are."""
    for key in keys:
        key.customer_id, key.customer_name, key.customer_email, key.note, key.revoke_reason = None, "", "", "", ""
        if any(map(traces.stand_in, key.labels)):
            key.labels = [label for label in key.labels if not traces.stand_in(label)]
        if traces.stand_in(key.payment_ref):
            key.payment_ref = ""
        session.add(key)
    session.flush()


def strip_purchases(session: Session, purchases: Sequence[Purchase], traces: Traces, *, domains: bool) -> None:
    """Take the person out of purchases, and out of what is noted for keys yet to be made. Facts and references stay.

    So does the order's fingerprint, a digest: the same order told again must find its purchase.
    """
    for purchase in purchases:
        purchase.customer_id, purchase.customer_name, purchase.customer_email = None, "", ""
        wanted = {name: value for name, value in purchase.wanted.items() if name != "note"} | {"erased": True}
        wanted["labels"] = [label for label in wanted.get("labels", ()) if not traces.stand_in(label)]
        purchase.wanted = wanted | {"domains": []} if domains else wanted
        session.add(purchase)
    session.flush()


def blank_payloads(session: Session, owner_id: int, purchases: Sequence[Purchase]) -> None:
    """Forget word for word what providers told of purchases: it names the customer. What it came to stays."""
    accounts = select(PaymentAccount.id).where(PaymentAccount.owner_id == owner_id)
    told = update(PaymentEvent).where(col(PaymentEvent.account_id).in_(accounts)).values(payload=None)
    for chunk in _chunks([purchase.ref for purchase in purchases]):
        session.execute(told.where(or_(col(PaymentEvent.ref).in_(chunk), col(PaymentEvent.object_id).in_(chunk))))
    # What could not be entered is of no purchase yet: it is known by what it was about.
    for chunk in _chunks([purchase.id for purchase in purchases]):
        for table, name in _NAMES:
            names = select(name).where(col(table.purchase_id).in_(chunk), col(name) != "")
            session.execute(told.where(col(PaymentEvent.object_id).in_(names)))


def drop_sites(session: Session, key_ids: Sequence[int], *, all_of_them: bool) -> None:
    """Forget sites that were freed; or all of them, and the domains that the keys are assigned to."""
    for chunk in _chunks(key_ids):
        gone = delete(Site).where(col(Site.key_id).in_(chunk))
        session.execute(gone if all_of_them else gone.where(col(Site.freed_at).is_not(None)))
        if all_of_them:
            session.execute(delete(KeyDomain).where(col(KeyDomain.key_id).in_(chunk)))


def remove(session: Session, customer_ids: Sequence[int]) -> None:
    """Delete customers, by what they are found, and which keys they had."""
    for table in (CustomerWord, CustomerPastKey):
        session.execute(delete(table).where(col(table.customer_id).in_(customer_ids)))
    session.execute(delete(Customer).where(col(Customer.id).in_(customer_ids)))


def _chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
