"""What a site admin may take away for good. Counts and the audit trail stay: they name ids only."""

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from bridge.models import KeyCode, KeyDomain, LicenseKey, Package, PackageRepo, Site


def count_keys(session: Session, package_id: int) -> int:
    """How many keys a package has, revoked ones included."""
    query = select(func.count()).select_from(LicenseKey).where(LicenseKey.package_id == package_id)
    return int(session.exec(query).one())


def hold_package(session: Session, package: Package) -> None:
    """Read the package anew and let no other transaction change it, or add a key to it, before this one ends."""
    session.flush()
    session.refresh(package, with_for_update=True)


def remove_package(session: Session, package: Package) -> None:
    """Delete a package that has no keys."""
    session.exec(delete(PackageRepo).where(col(PackageRepo.package_id) == package.id))
    session.delete(package)
    session.flush()


def remove_key(session: Session, key: LicenseKey) -> None:
    """Delete a key with its codes, domains and sites."""
    for table in (KeyCode, KeyDomain, Site):
        session.exec(delete(table).where(col(table.key_id) == key.id))
    session.delete(key)
    session.flush()
