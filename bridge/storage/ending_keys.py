"""Keys that end soon and belong to somebody who can be told."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bridge.models import LicenseKey, Package
from bridge.storage.key_states import ends_at


def page(
    session: Session, after_id: int, since: datetime, until: datetime, limit: int
) -> Sequence[tuple[LicenseKey, Package]]:
    """Keys that work and end between two moments, by number, with their packages; no test keys, no masters."""
    query = (
        select(LicenseKey, Package)
        .join(Package, col(Package.id) == col(LicenseKey.package_id))
        .where(ends_at > since, ends_at <= until, col(LicenseKey.id) > after_id)
        .where(~col(LicenseKey.is_master), ~col(LicenseKey.is_test), col(LicenseKey.customer_id).is_not(None))
        .where(col(LicenseKey.revoked_at).is_(None), col(LicenseKey.suspended_at).is_(None))
        .where(col(LicenseKey.payment_hold).is_(None))
    )
    return [(key, package) for key, package in session.exec(query.order_by(col(LicenseKey.id)).limit(limit))]
