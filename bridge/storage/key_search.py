"""Lists of keys as people ask for them: filtered, sorted, counted, one page at a time, however many there are.

Where some filter leaves few keys, those are found by its index, and checked and sorted. Otherwise most keys will do,
and the list is walked in its order, package by package and merged, until the page is full. Neither reads all keys,
unless what is wanted lies together at the far end of another order, or two filters each leave many and together few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, not_, or_
from sqlmodel import Session, col, select

from bridge.models import LicenseKey, Package, PackageRepo
from bridge.storage import key_filters, key_walks
from bridge.storage.key_filters import Filter, Sight
from bridge.storage.key_order import Order, Position
from bridge.storage.key_states import CUSTOMER_KEY, expiry_column, in_packages, state_column, unindexed
from bridge.storage.key_texts import prepare

__all__ = ["Filter", "Found", "Position", "Sight", "expiry_column", "page_of_keys", "seen_key", "state_column"]

# So many keys are few enough to be checked, counted and sorted for one page. With five times as many, pages of 100,000
# keys took twice as long.
FEW = 2_000
# Of more, so many are counted: a list then says only that there are at least as many as match among these.
SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """One page of keys with their packages, and what is around it.

    ``total``: how many match; with ``capped`` there are more than can be counted at once, and at least so many.
    ``first`` and ``last``: where the page begins and ends.
    """

    total: int
    capped: bool
    rows: Sequence[tuple[LicenseKey, Package]]
    first: Position | None
    last: Position | None
    more_before: bool
    more_after: bool


def page_of_keys(
    session: Session,
    sight: Sight,
    wanted: Filter,
    now: datetime,
    *,
    limit: int,
    offset: int = 0,
    after: Position | None = None,
    before: Position | None = None,
) -> Found:
    """One page: so many keys on, or right behind or before a position (then ``offset`` counts for nothing)."""
    prepare(session)
    packages = {package.id or 0: package for package in session.exec(select(Package).where(*_packages_seen(sight)))}
    if wanted.package_id is not None:
        packages = {number: package for number, package in packages.items() if number == wanted.package_id}
    asked = key_filters.Asked(sight, wanted, now, packages)
    place = key_walks.Place(Order.of(wanted.sort), limit, offset, after, before)
    few, some = _candidates(session, asked)
    page = _walked(session, asked, place, some) if few is None else _sorted(session, asked, place, few)
    return _found(session, packages, place.order, page)


def _candidates(session: Session, asked: key_filters.Asked) -> tuple[list[int] | None, list[int]]:
    """Ids among which all that match are, where some filter leaves few; else the first of one filter's many."""
    many: list[int] = []
    for queries in asked.candidates(session):
        ids: set[int] = set()
        for query in queries:
            ids.update(session.execute(query.limit(FEW + 1)).scalars())
            if len(ids) > FEW:
                break
        else:
            return list(ids), []
        many = many or list(ids)[:SAMPLE]
    return None, many


def _sorted(session: Session, asked: key_filters.Asked, place: key_walks.Place, few: list[int]) -> key_walks.Page:
    """A page out of few candidates."""
    order, edge = place.order, place.after or place.before
    facing = order if place.before is None else order.reversed
    beyond = case((facing.is_beyond(edge), 1), else_=0) if edge else case((col(LicenseKey.id) > 0, 1))
    query = select(LicenseKey.id, beyond).where(key_walks.among(session, few), *asked.conditions())
    sorted_by = [unindexed(each) for each in (order.column, col(LicenseKey.id)) if each is not None]
    rows = session.exec(query.order_by(*order.terms(*sorted_by))).all()
    ids = [int(number or 0) for number, _ in rows]
    if edge is None:
        start = min(place.offset, len(ids))
    elif place.before is None:
        start = next((at for at, (_, is_beyond) in enumerate(rows) if is_beyond), len(ids))
    else:
        end = next((at for at, (_, is_beyond) in enumerate(rows) if not is_beyond), len(ids))
        start = max(0, end - place.limit)
        return key_walks.Page(ids[start:end], len(ids), False, start > 0, end < len(ids))
    end = start + place.limit
    return key_walks.Page(ids[start:end], len(ids), False, start > 0, end < len(ids))


def _walked(session: Session, asked: key_filters.Asked, place: key_walks.Place, some: list[int]) -> key_walks.Page:
    """A page out of many."""
    if not asked.packages:
        return key_walks.Page([], 0, False, False, False)
    total = _counted(session, asked, some)
    return key_walks.walk(session, asked, place, total, capped=bool(some))


def _counted(session: Session, asked: key_filters.Asked, some: list[int]) -> int:
    """All keys that are seen; or how many match among some candidates, which is the least that there are."""
    sampled = [key_walks.among(session, some), *asked.conditions()]
    conditions = sampled if some else [in_packages(list(asked.packages))]
    return int(session.exec(select(func.count()).select_from(LicenseKey).where(*conditions)).one())


def _found(session: Session, packages: dict[int, Package], order: Order, page: key_walks.Page) -> Found:
    query = select(LicenseKey, CUSTOMER_KEY).where(col(LicenseKey.id).in_(page.ids))
    rows = {key.id: (key, customer_key) for key, customer_key in session.exec(query)}
    keys = [rows[number] for number in page.ids if number in rows]
    ends = [order.position(*keys[at]) for at in (0, -1)] if keys else [None, None]
    listed = [(key, packages[key.package_id]) for key, _ in keys]
    return Found(page.total, page.capped, listed, ends[0], ends[1], page.more_before, page.more_after)


def seen_key(session: Session, sight: Sight, key_id: int) -> tuple[LicenseKey, Package] | None:
    """One key with its package, if it is seen from there."""
    found = session.exec(
        select(LicenseKey, Package)
        .join(Package, col(Package.id) == LicenseKey.package_id)
        .where(LicenseKey.id == key_id, *_packages_seen(sight))
    ).first()
    return (found[0], found[1]) if found else None


def _packages_seen(sight: Sight) -> list[Any]:
    """The owner's packages; from a repo its own, and those of the owner that list no repos or this one."""
    of_owner: list[Any] = [Package.owner_id == sight.owner_id]
    if sight.repo_id is None:
        return of_owner
    listed = exists().where(col(PackageRepo.package_id) == col(Package.id))
    listed_here = listed.where(col(PackageRepo.repo_id) == sight.repo_id)
    lent = and_(col(Package.repo_id).is_(None), or_(not_(listed), listed_here))
    return [*of_owner, or_(col(Package.repo_id) == sight.repo_id, lent)]
