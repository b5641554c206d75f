"""Keys counted in the database: by state now, and by the day (UTC, on every database) on which something befell them.

Keys are those in customers' hands: master and test keys are left out. Keys that were deleted are not known any more.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, and_, case, func, not_, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col

from bridge.models import Audit, LicenseKey, Package, Site
from bridge.rules.keys import State
from bridge.storage import key_states

# What moves a key's expiry, or revokes it because of the money; what it was, the rows themselves say.
_CHANGES = ("key.expiry", "key.payment")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # later than that is as good as without end
_AT_ONCE = 1000
_PACKAGE = col(LicenseKey.package_id)


class Ended(NamedTuple):
    """So many keys of a package that work no more, with the days that decide since when; ``None``: does not apply."""

    package_id: int
    expiry: date | None
    paid_grace: date | None
    revoked: date | None
    number: int


class Change(NamedTuple):
    """A person or a payment changed a key; before and after as the audit trail tells them."""

    key_id: int
    at: datetime
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class UtcDay(FunctionElement[date]):
    """The day in UTC on which a moment lies."""

    type = Date()
    inherit_cache = True


@compiles(UtcDay, "sqlite")
def _day_in_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"date({compiler.process(element.clauses, **more)})"


@compiles(UtcDay, "postgresql")
def _day_in_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    return f"CAST(timezone('UTC', {compiler.process(element.clauses, **more)}) AS DATE)"


def by_state(session: Session, packages: Collection[Package], now: datetime) -> list[tuple[int, str, int]]:
    """How many keys of each package are in each state."""
    state = key_states.state_column(packages, now).label("state_now")
    query: Any = select(_PACKAGE, state, func.count()).where(*_sold(packages))
    return [tuple(row) for row in session.exec(query.group_by(_PACKAGE, "state_now"))]


def held(session: Session, packages: Collection[Package]) -> dict[int, int]:
    """How many keys there are of each package, in whatever state."""
    query: Any = select(_PACKAGE, func.count()).where(*_sold(packages)).group_by(_PACKAGE)
    return dict(session.exec(query).all())


def expiring(session: Session, packages: Collection[Package], now: datetime, until: datetime) -> dict[int, int]:
    """How many keys of each package are active now and expire before ``until``."""
    ends = key_states.ends_at
    active = key_states.state_column(packages, now) == str(State.ACTIVE)
    # An active key ends later than now anyway; said so, its index by expiry finds it.
    query: Any = select(_PACKAGE, func.count()).where(*_sold(packages), ends > now, ends < until, active)
    return dict(session.exec(query.group_by(_PACKAGE)).all())


def new(
    session: Session, packages: Collection[Package], since: datetime, until: datetime
) -> list[tuple[int, date, int]]:
    """How many keys of each package were issued on each day of a range that ends before ``until``."""
    created = col(LicenseKey.created_at)
    day = UtcDay(created).label("on_day")
    of_owner = col(LicenseKey.owner_id).in_({package.owner_id for package in packages})  # has the index by day
    query: Any = select(_PACKAGE, day, func.count()).where(
        *_sold(packages), of_owner, created >= since, created < until
    )
    return [tuple(row) for row in session.exec(query.group_by(_PACKAGE, "on_day"))]


def ended(
    session: Session, packages: Collection[Package], since: datetime, until: datetime, now: datetime
) -> list[Ended]:
    """Keys that work no more and may have ended in a range: their grace ran out in it, or they were revoked in it.

    Those that money holds back have no day of their own: ``changes`` tells it.
    """
    by_grace: dict[int, list[Package]] = {}
    for package in packages:
        by_grace.setdefault(package.grace_days, []).append(package)
    return [row for days, alike in by_grace.items() for row in _ended(session, alike, days, since, until, now)]


def _ended(
    session: Session, packages: list[Package], grace_days: int, since: datetime, until: datetime, now: datetime
) -> Iterator[Ended]:
    expiry, revoked, paid = key_states.ends_at, col(LicenseKey.revoked_at), col(LicenseKey.paid_grace_until)
    # A person's exact date goes before what is paid.
    leeway: Any = case((func.coalesce(LicenseKey.edit_kind, "") != "fix", paid))
    # Databases add days each in its own way, so the days are taken off here.
    first, last = key_states.before(since, grace_days), key_states.before(until, grace_days)
    days: list[Any] = [
        UtcDay(case((expiry < _NEVER, expiry))).label("expiry_day"),
        UtcDay(case((leeway < _NEVER, leeway))).label("paid_day"),
        UtcDay(revoked).label("revoked_day"),
    ]
    within = or_(
        _between(expiry, first, last),
        _between(leeway, since, until),
        _between(revoked, since, until),
    )
    over = or_(revoked.is_not(None), key_states.state_column(packages, now) == str(State.EXPIRED))
    query: Any = select(_PACKAGE, *days, func.count()).where(*_sold(packages), within, over)
    for row in session.exec(query.group_by(_PACKAGE, *(day.name for day in days))):
        yield Ended(*row)


def changes(session: Session, owner_id: int, since: datetime, until: datetime) -> Iterator[Change]:
    """What persons and payments changed of an owner's keys in a range, oldest first and read bit by bit."""
    at = col(Audit.at)
    query: Any = select(col(Audit.subject), at, col(Audit.before), col(Audit.after)).where(
        col(Audit.owner_id) == owner_id, at >= since, at < until, col(Audit.action).in_(_CHANGES)
    )
    query = query.order_by(col(Audit.id))
    for subject, moment, before, after in session.exec(query, execution_options={"yield_per": _AT_ONCE}):
        yield Change(int(subject.removeprefix("key:")), moment, before, after)


def packages_of_keys(
    session: Session, packages: Collection[Package], key_ids: Iterable[int], *, held_only: bool = False
) -> Mapping[int, int]:
    """Of which of the packages each key is; keys of others, master and test keys are left out.

    ``held_only``: nor is a key that money alone does not keep revoked now.
    """
    held = [col(LicenseKey.payment_hold) == "revoke", col(LicenseKey.revoked_at).is_(None)] if held_only else []
    ids, found = sorted(key_ids), {}
    for at in range(0, len(ids), _AT_ONCE):
        query: Any = select(col(LicenseKey.id), _PACKAGE).where(
            *_sold(packages), *held, col(LicenseKey.id).in_(ids[at : at + _AT_ONCE])
        )
        found.update({key_id or 0: package_id for key_id, package_id in session.exec(query)})
    return found


def sites_on_record(session: Session, packages: Collection[Package]) -> int:
    """How many sites are activated on these keys."""
    query: Any = select(func.count()).select_from(Site).join(LicenseKey, col(LicenseKey.id) == Site.key_id)
    return int(session.exec(query.where(*_sold(packages), col(Site.freed_at).is_(None))).one()[0])


def _sold(packages: Collection[Package]) -> list[ColumnElement[bool]]:
    ids = [package.id or 0 for package in packages]
    return [
        _PACKAGE.in_(ids),
        not_(col(LicenseKey.is_master)),
        not_(col(LicenseKey.is_test)),
    ]


def _between(column: Any, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)
