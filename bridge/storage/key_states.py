"""The expiry and the state of keys in SQL, as ``rules.terms`` and ``rules.keys`` have them; tests compare them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal_column, not_, or_
from sqlmodel import col

from bridge.models import LicenseKey, Package
from bridge.rules.keys import State
from bridge.storage.search_index import REVOKED, SUSPENDED

_COMPUTED = LicenseKey.__table__.c  # type: ignore[attr-defined]
ends_at = _COMPUTED.ends_at
CUSTOMER_KEY = _COMPUTED.customer_key
NEVER: ColumnElement[Any] = literal_column("'infinity'")  # how ``ends_at`` says that there is no end

Expression = Callable[[Any], Any]


def expiry_column() -> Any:
    """``rules.terms.effective_expiry`` in SQL, NULL for never; ``ends_at`` is the same with an index."""
    paid, edited = LicenseKey.expires_at, LicenseKey.edit_until
    later = case((col(edited) > col(paid), edited), else_=paid)
    extended = case((or_(col(edited).is_(None), col(paid).is_(None)), None), else_=later)
    return case(
        (col(LicenseKey.edit_kind).is_(None), paid), (col(LicenseKey.edit_kind) == "fix", edited), else_=extended
    )


def state_column(packages: Iterable[Package], now: datetime) -> ColumnElement[str]:
    """``rules.keys.state`` in SQL, for keys of these packages: each state excludes those before it."""
    names = [State.REVOKED, State.SUSPENDED, State.NOT_STARTED, State.EXPIRED, State.GRACE]
    listed = list(packages)
    ladder = [(_reached(listed, name, now), str(name)) for name in names]
    return case(*ladder, else_=str(State.ACTIVE))


def in_state(packages: Iterable[Package], state: str, now: datetime, seen: Expression = lambda it: it) -> list[Any]:
    """What holds for keys of these packages that are in a state, each a range or a partial index where there is one.

    ``seen`` wraps the dates that have an index, to hide it where another one is to be used.
    """
    names = list(State)
    before = [not_(_reached([], name, now, seen)) for name in names[: min(names.index(State(state)), 3)]]
    if state == State.ACTIVE:
        return [*before, seen(ends_at) > now]
    if state == State.GRACE:
        return [*before, seen(ends_at) <= now, _graced(list(packages), now, seen)]
    return [*before, _reached(list(packages), state, now, seen)]


def _reached(packages: list[Package], state: str, now: datetime, seen: Expression = lambda it: it) -> Any:
    """What brings a key to a state, or beyond."""
    if state == State.REVOKED:
        return literal_column(REVOKED)
    if state == State.SUSPENDED:
        return literal_column(SUSPENDED)
    if state == State.NOT_STARTED:
        return seen(col(LicenseKey.starts_at)) > now
    expired = seen(ends_at) <= now
    return expired if state == State.GRACE else and_(expired, not_(_graced(packages, now, seen)))


def _graced(packages: list[Package], now: datetime, seen: Expression) -> ColumnElement[bool]:
    """Whether an expired key still works: for its package's days, or as long as payments say."""
    # Databases add days each in its own way; there are few different graces, so the days are taken off here.
    by_grace: dict[int, list[int]] = {}
    for package in packages:
        by_grace.setdefault(package.grace_days, []).append(package.id or 0)
    by_days = [and_(in_packages(ids), seen(ends_at) > before(now, days)) for days, ids in by_grace.items()]
    return or_(false(), *by_days, paid_grace(now))


def paid_grace(now: datetime) -> ColumnElement[bool]:
    """Whether payments still leave a key its grace; a person's exact date goes before what is paid."""
    unfixed = func.coalesce(LicenseKey.edit_kind, "") != "fix"
    leeway = col(LicenseKey.paid_grace_until)
    return and_(unfixed, leeway.is_not(None), leeway > now)


def unindexed(column: Any) -> Any:
    """The same column, written so that no database follows an index of it where another one was meant."""
    return func.coalesce(column, column, type_=column.type)


def in_packages(ids: list[int]) -> ColumnElement[bool]:
    """Keys of these packages."""
    return col(LicenseKey.package_id).in_(ids)


def before(now: datetime, days: int) -> datetime:
    """So many days ago, or the first moment there is."""
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)
