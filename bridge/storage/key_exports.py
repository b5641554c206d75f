"""All keys that somebody may take along, a piece at a time: however many there are, no piece is larger."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bridge.models import LicenseKey, Package, Site
from bridge.storage import licenses
from bridge.storage.key_filters import Asked, Filter, Sight
from bridge.storage.key_imports import bound_to
from bridge.storage.key_texts import prepare


@dataclass(frozen=True, slots=True)
class Taken:
    """A key with what stands in other tables."""

    key: LicenseKey
    package: Package
    code: str
    domains: Sequence[str]
    sites: Sequence[str]
    purchase: tuple[str, str]


def piece(
    session: Session, sight: Sight, wanted: Filter, package: Package, now: datetime, *, after: int, limit: int
) -> list[Taken]:
    """The next keys of a package behind a number, in the order of their numbers. Master keys are never among them.

    Only the filters of ``wanted`` count, not its order. One package after the other is a walk along one index.
    """
    prepare(session)
    asked = Asked(sight, wanted, now, {package.id or 0: package})
    query = select(LicenseKey).where(
        LicenseKey.package_id == package.id,
        col(LicenseKey.id) > after,
        col(LicenseKey.is_master).is_(False),
        *asked.conditions(),
    )
    rows = session.exec(query.order_by(col(LicenseKey.id)).limit(limit)).all()
    ids = [row.id or 0 for row in rows]
    codes, domains, sites = licenses.codes_of(session, ids), licenses.domains_of(session, ids), _sites_of(session, ids)
    bound = bound_to(session, ids)
    return [
        Taken(row, package, codes[n][0].code, domains.get(n, ()), sites.get(n, ()), bound.get(n, ("", "")))
        for n, row in zip(ids, rows, strict=True)
    ]


def _sites_of(session: Session, key_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    live = select(Site).where(col(Site.key_id).in_(key_ids), col(Site.freed_at).is_(None))
    for site in session.exec(live.order_by(col(Site.id))):
        found.setdefault(site.key_id, []).append(site.host)
    return found
