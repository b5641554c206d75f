"""What a site admin may take away for good. Counts and the audit trail stay: they name ids only."""

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from bridge.models import (
    KeyCode,
    KeyDomain,
    KeySlot,
    LicenseKey,
    LineFact,
    Package,
    PackageRepo,
    PaymentOrder,
    PeriodFact,
    PriceMap,
    Site,
)


def count_keys(session: Session, package_id: int) -> int:
    """How many keys a package has, revoked ones included."""
    query = select(func.count()).select_from(LicenseKey).where(LicenseKey.package_id == package_id)
    return int(session.exec(query).one())


def is_sold(session: Session, package_id: int) -> bool:
    """Whether a purchase names the package, be its keys there or not."""
    tables = (LineFact, KeySlot, PeriodFact)
    return any(session.exec(select(table).where(table.package_id == package_id)).first() for table in tables)


def hold_package(session: Session, package: Package) -> None:
    """Read the package anew and let no other transaction change it, or add a key to it, before this one ends."""
    session.flush()
    session.refresh(package, with_for_update=True)


def remove_package(session: Session, package: Package) -> None:
    """Delete a package that has no keys, and what would lead to it: nothing that is sold is it any more."""
    for table in (PackageRepo, PriceMap, PaymentOrder):
        session.exec(delete(table).where(col(table.package_id) == package.id))
    session.delete(package)
    session.flush()


def remove_key(session: Session, key: LicenseKey) -> None:
    """Delete a key with its codes, domains and sites. A purchase keeps its slot, so that no other is made for it."""
    session.exec(update(KeySlot).where(col(KeySlot.key_id) == key.id).values(key_id=None))
    for table in (KeyCode, KeyDomain, Site):
        session.exec(delete(table).where(col(table.key_id) == key.id))
    session.delete(key)
    session.flush()
