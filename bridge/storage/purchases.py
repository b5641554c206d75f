"""Purchases and the slots of their keys, as rows. Who changes one holds it, so that its facts are counted in turn."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from bridge.models import KeySlot, LicenseKey, LineFact, Package, PeriodFact, Purchase, SaleFact, SnapshotFact
from bridge.storage import licenses
from bridge.storage.engine import upsert


@dataclass(frozen=True, slots=True)
class Filter:
    """Which purchases to list; empty and ``None``: any. ``by_mail``: whether mail addresses may be searched."""

    source: str = ""
    ref: str = ""
    customer: str = ""
    by_mail: bool = False
    needs_review: bool | None = None


def open_purchase(session: Session, row: Purchase) -> tuple[Purchase, bool]:
    """Insert the purchase, or find the one of that reference; and whether it is new. It is held until the end.

    The unique constraint decides which of many equal calls at once is the first; the others wait for it.
    """
    session.flush()
    values = row.model_dump(exclude={"id"})
    inserted = upsert(session)(Purchase).values(**values)
    inserted = inserted.on_conflict_do_nothing(index_elements=["owner_id", "source", "ref"]).returning(col(Purchase.id))
    new = session.execute(inserted).scalar_one_or_none() is not None
    found = held_purchase(session, row.owner_id, row.source, row.ref)
    assert found is not None, "it was there, or is now"
    return found, new


def held_purchase(session: Session, owner_id: int, source: str, ref: str) -> Purchase | None:
    """The purchase of that reference, read anew; nobody else changes it before this transaction ends."""
    session.flush()
    query = _by_ref(owner_id, source, ref).with_for_update(key_share=True)
    found: Purchase | None = session.exec(query.execution_options(populate_existing=True)).first()
    return found


def purchase_by_ref(session: Session, owner_id: int, source: str, ref: str) -> Purchase | None:
    """The purchase of that reference."""
    found: Purchase | None = session.exec(_by_ref(owner_id, source, ref)).first()
    return found


def held_by_id(session: Session, purchase_id: int) -> Purchase:
    """A purchase by our number, read anew; nobody else changes it before this transaction ends."""
    session.flush()
    query = select(Purchase).where(Purchase.id == purchase_id).with_for_update(key_share=True)
    return session.exec(query.execution_options(populate_existing=True)).one()


def rehome(session: Session, owner_id: int, provider: str, source: str, ref: str) -> Purchase | None:
    """The purchase of that reference that keys were bound to under the provider's bare name, given to an account.

    Only one that nothing was ever told of: what another account of that name entered stays its own.
    """
    if provider == source:
        return None
    found = held_purchase(session, owner_id, provider, ref)
    if found is None or found.fingerprint or found.status != "pending" or _is_told(session, found.id or 0):
        return None
    found.source = source
    session.add(found)
    session.flush()
    return found


def _is_told(session: Session, purchase_id: int) -> bool:
    tables = (SaleFact, PeriodFact, SnapshotFact)
    return any(session.exec(select(table).where(table.purchase_id == purchase_id)).first() for table in tables)


def twin(session: Session, purchase: Purchase, package_ids: Collection[int], since: datetime) -> Purchase | None:
    """Another sale that was paid since then, of one of these packages to the same mail address."""
    if purchase.customer_id is None:
        return None
    same = (
        select(Purchase)
        .join(KeySlot, col(KeySlot.purchase_id) == Purchase.id)
        .where(Purchase.owner_id == purchase.owner_id, Purchase.id != purchase.id, Purchase.status == "paid")
        .where(Purchase.customer_id == purchase.customer_id, Purchase.created_at >= since)
        .where(col(KeySlot.package_id).in_(package_ids))
    )
    return session.exec(same.order_by(col(Purchase.id)).limit(1)).first()


def _by_ref(owner_id: int, source: str, ref: str) -> Any:
    return select(Purchase).where(Purchase.owner_id == owner_id, Purchase.source == source, Purchase.ref == ref)


def slots_of(session: Session, purchase_id: int) -> Sequence[KeySlot]:
    """The slots of a purchase, in order."""
    query = select(KeySlot).where(KeySlot.purchase_id == purchase_id)
    return session.exec(query.order_by(KeySlot.line_ref, col(KeySlot.unit_no))).all()


def slot_of_key(session: Session, key_id: int) -> KeySlot | None:
    """The slot that a key fills."""
    return session.exec(select(KeySlot).where(KeySlot.key_id == key_id)).first()


def purchase_of_slot(session: Session, slot: KeySlot) -> Purchase:
    """The purchase that a slot belongs to."""
    return session.get_one(Purchase, slot.purchase_id)


def keys_by_id(session: Session, key_ids: Iterable[int]) -> dict[int, LicenseKey]:
    """Keys by their numbers."""
    query = select(LicenseKey).where(col(LicenseKey.id).in_(list(key_ids)))
    return {key.id or 0: key for key in session.exec(query)}


def held_keys(session: Session, key_ids: Iterable[int]) -> dict[int, LicenseKey]:
    """The same, read anew; nobody else changes them before this transaction ends."""
    session.flush()
    query = select(LicenseKey).where(col(LicenseKey.id).in_(list(key_ids))).order_by(col(LicenseKey.id))
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {key.id or 0: key for key in session.exec(query)}


def packages_by_id(session: Session, package_ids: Iterable[int]) -> dict[int, Package]:
    """Packages by their numbers."""
    query = select(Package).where(col(Package.id).in_(list(package_ids)))
    return {package.id or 0: package for package in session.exec(query)}


def packages_of(session: Session, purchase_ids: Collection[int]) -> dict[int, set[int]]:
    """Which packages were sold, or are held by a slot, by purchase."""
    found: dict[int, set[int]] = {}
    for table in (LineFact, KeySlot):
        query = select(table.purchase_id, table.package_id).where(col(table.purchase_id).in_(purchase_ids)).distinct()
        for purchase_id, package_id in session.exec(query):
            if package_id is not None:
                found.setdefault(purchase_id, set()).add(package_id)
    return found


def packages_seen(session: Session, owner_id: int, repo_id: int | None) -> Sequence[Package]:
    """The packages whose keys are seen: of the owner, or (``repo_id``) those that open this repo."""
    rows = licenses.packages_of(session, owner_id, repo_id)
    if repo_id is None:
        return rows
    listed = licenses.repos_of_packages(session, [row.id or 0 for row in rows])
    return [row for row in rows if row.repo_id is not None or repo_id in listed.get(row.id or 0, {repo_id})]


def page(
    session: Session, owner_id: int, package_ids: Collection[int] | None, wanted: Filter, *, limit: int, offset: int
) -> tuple[int, Sequence[Purchase]]:
    """How many purchases there are, and one page of them, newest first; of some packages, or of all (``None``)."""
    conditions: list[Any] = [Purchase.owner_id == owner_id]
    if package_ids is not None:
        of_lines = select(LineFact.purchase_id).where(col(LineFact.package_id).in_(package_ids))
        of_slots = select(KeySlot.purchase_id).where(col(KeySlot.package_id).in_(package_ids))
        conditions.append(or_(col(Purchase.id).in_(of_lines), col(Purchase.id).in_(of_slots)))
    if wanted.source:
        conditions.append(Purchase.source == wanted.source)
    if wanted.ref:
        conditions.append(Purchase.ref == wanted.ref)
    if wanted.needs_review is not None:
        conditions.append(col(Purchase.needs_review).is_(wanted.needs_review))
    if wanted.customer:
        named = _contains(Purchase.customer_name, wanted.customer)
        mailed = _contains(Purchase.customer_email, wanted.customer)
        conditions.append(or_(named, mailed) if wanted.by_mail else named)
    total = session.exec(select(func.count()).select_from(Purchase).where(*conditions)).one()
    rows = select(Purchase).where(*conditions).order_by(col(Purchase.id).desc()).limit(limit).offset(offset)
    return int(total), session.exec(rows).all()


def _contains(column: Any, text: str) -> Any:
    return func.lower(column).contains(text.lower(), autoescape=True)
