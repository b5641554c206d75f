"""Everything that the tables hold about a customer, row by row, for an export of any size."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bridge.models import (
    Audit,
    CancelFact,
    CustomerPastKey,
    DisputeFact,
    KeyCode,
    KeyDomain,
    KeySlot,
    LicenseKey,
    LineFact,
    PeriodFact,
    Purchase,
    RefundFact,
    Repo,
    SaleFact,
    Site,
    SnapshotFact,
    UsageDay,
)
from bridge.rules.customers import Traces

_AT_ONCE = 100
# By the names that the document gives them.
_FACTS: dict[str, Any] = {
    "sale": SaleFact,
    "lines": LineFact,
    "slots": KeySlot,
    "periods": PeriodFact,
    "refunds": RefundFact,
    "disputes": DisputeFact,
    "cancellation": CancelFact,
    "subscription_states": SnapshotFact,
}


def key_ids(session: Session, customer_id: int) -> Sequence[int]:
    """The keys of a customer, by number."""
    query = select(LicenseKey.id).where(LicenseKey.customer_id == customer_id).order_by(col(LicenseKey.id))
    return [id_ or 0 for id_ in session.exec(query)]


def purchase_ids(session: Session, customer_id: int) -> Sequence[int]:
    """What a customer ordered, by number."""
    query = select(Purchase.id).where(Purchase.customer_id == customer_id).order_by(col(Purchase.id))
    return [id_ or 0 for id_ in session.exec(query)]


def past(session: Session, customer_id: int) -> Sequence[tuple[int, datetime]]:
    """The keys that a customer had, and until when."""
    query = select(CustomerPastKey).where(CustomerPastKey.customer_id == customer_id)
    return [(row.key_id, row.left_at) for row in session.exec(query)]


def keys(session: Session, customer_id: int) -> Iterator[dict[str, Any]]:
    """The keys of a customer with their codes, domains and sites."""
    after = 0
    while True:
        query = select(LicenseKey).where(LicenseKey.customer_id == customer_id, col(LicenseKey.id) > after)
        found = session.exec(query.order_by(col(LicenseKey.id)).limit(_AT_ONCE)).all()
        if not found:
            return
        after = found[-1].id or 0
        ids = [key.id or 0 for key in found]
        codes, domains, sites = (_by_key(session, table, ids) for table in (KeyCode, KeyDomain, Site))
        for key in found:
            key_id = key.id or 0
            yield key.model_dump(exclude={"owner_id", "customer_id"}) | {
                "codes": codes.get(key_id, []),
                "domains": [each["pattern"] for each in domains.get(key_id, [])],
                "sites": sites.get(key_id, []),
            }
        session.expunge_all()


def purchases(session: Session, customer_id: int) -> Iterator[dict[str, Any]]:
    """What a customer ordered, with all that is known of its money and the numbers of its keys."""
    query = select(Purchase).where(Purchase.customer_id == customer_id).order_by(col(Purchase.id))
    for purchase in session.exec(query):
        facts = {name: _facts(session, table, purchase.id or 0) for name, table in _FACTS.items()}
        yield purchase.model_dump(exclude={"owner_id", "customer_id", "fingerprint"}) | facts


def _facts(session: Session, table: Any, purchase_id: int) -> list[dict[str, Any]]:
    order = list(table.__table__.primary_key.columns)
    rows = session.exec(select(table).where(table.purchase_id == purchase_id).order_by(*order))
    return [row.model_dump(exclude={"id", "owner_id", "purchase_id"}) for row in rows]


def usage(session: Session, key_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What the keys did, day by day, with the repos' names as they are now."""
    repos = {repo.id: repo.name for repo in session.exec(select(Repo))}
    for key_id in key_ids:
        query = select(UsageDay).where(UsageDay.key_id == key_id).order_by(col(UsageDay.day))
        for row in session.exec(query, execution_options={"yield_per": 1000}):
            yield row.model_dump() | {"repo": repos.get(row.repo_id, "")}


def changes(
    session: Session, things: Sequence[tuple[str, datetime | None]], traces: Traces
) -> Iterator[dict[str, Any]]:
    """What was done to these things until then; who else had a key, and who of the staff did it, is not told."""
    for subject, until in things:
        query = select(Audit).where(Audit.subject == subject).order_by(col(Audit.id))
        if until is not None:
            query = query.where(col(Audit.at) <= until)
        for row in session.exec(query, execution_options={"yield_per": 1000}):
            before, after = traces.without_others(row.before), traces.without_others(row.after)
            yield row.model_dump(include={"at", "action", "subject"}) | {"before": before, "after": after}


def _by_key(session: Session, table: Any, key_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    order = list(table.__table__.primary_key.columns)
    for row in session.exec(select(table).where(col(table.key_id).in_(key_ids)).order_by(*order)):
        rows.setdefault(row.key_id, []).append(row.model_dump(exclude={"id", "key_id"}))
    return rows
