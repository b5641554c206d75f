"""The sites of a key. A slot number under a unique constraint gives the last slot to exactly one newcomer."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from bridge.models import LicenseKey, Site
from bridge.storage.licenses import insert_unless_exists

# A session hands out what it read before; a second look must see what others did meanwhile.
_AS_THEY_ARE = {"populate_existing": True}
# What the audit trail says of a freed site that did not count.
TOOK_NO_PLACE = "took_no_place"


def live_sites(session: Session, key_id: int, limit: int | None = None) -> Sequence[Site]:
    """The key's sites that were not freed, oldest first, as they are at this moment."""
    query = select(Site).where(Site.key_id == key_id, col(Site.freed_at).is_(None)).order_by(col(Site.id)).limit(limit)
    return session.exec(query, execution_options=_AS_THEY_ARE).all()


def latest_sites(session: Session, key_id: int, limit: int) -> Sequence[Site]:
    """The key's sites that were not freed, those that were seen last first."""
    query = select(Site).where(Site.key_id == key_id, col(Site.freed_at).is_(None))
    return session.exec(query.order_by(col(Site.last_seen_at).desc(), col(Site.id).desc()).limit(limit)).all()


def count_sites(session: Session, key_id: int) -> tuple[int, int]:
    """How many sites of the key were not freed, and how many of them count."""
    query = select(func.count(), func.count(col(Site.slot))).where(Site.key_id == key_id, col(Site.freed_at).is_(None))
    total, seats = session.exec(query.select_from(Site)).one()
    return int(total), int(seats)


def live_site(session: Session, key_id: int, host: str) -> Site | None:
    """One site of the key, unless it was freed."""
    query = select(Site).where(Site.key_id == key_id, Site.host == host, col(Site.freed_at).is_(None))
    return session.exec(query, execution_options=_AS_THEY_ARE).first()


def hold_key(session: Session, key_id: int) -> None:
    """Let the newcomers of a key take turns until this transaction ends.

    The slots have a constraint; how many staging and preview hosts are free beside them is counted, and two who count
    at the same time would both find room. SQLite's transactions take turns anyway.
    """
    session.exec(select(LicenseKey.id).where(LicenseKey.id == key_id).with_for_update(key_share=True))


def created_since(session: Session, key_id: int, since: datetime) -> int:
    """How many site rows the key has got since a moment, freed ones included."""
    query = select(func.count()).select_from(Site).where(Site.key_id == key_id, Site.first_seen_at >= since)
    return int(session.exec(query).one())


def free_slot(session: Session, key_id: int, sites: Iterable[Site], limit: int) -> int | None:
    """A slot number that nobody has; ``None`` when all up to the limit are taken. Limit 0: unlimited, the next one."""
    if limit == 0:
        highest = session.exec(select(func.max(Site.slot)).where(Site.key_id == key_id)).one()
        return int(highest or 0) + 1
    taken = {site.slot for site in sites}
    return next((number for number in range(1, limit + 1) if number not in taken), None)


def insert_site(session: Session, site: Site) -> bool:
    """Insert; ``False`` where another request took the slot or brought the same host first."""
    return insert_unless_exists(session, site)


def give_back_slots(session: Session, site_ids: Iterable[int], kind: str) -> None:
    """Let sites go on without counting."""
    session.exec(update(Site).where(col(Site.id).in_(list(site_ids))).values(slot=None, kind=kind))


def set_free(session: Session, site: Site, now: datetime) -> None:
    """End an activation: its slot is free for another site."""
    site.freed_at, site.slot = now, None
    session.add(site)


def touch(session: Session, seen: dict[int, datetime]) -> None:
    """Note when sites were last seen. Lossy by design: at most a second of it is lost."""
    for site_id in sorted(seen):
        session.exec(update(Site).where(col(Site.id) == site_id).values(last_seen_at=seen[site_id]))
