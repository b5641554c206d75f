"""Walks along a list of keys in its order, without reading what comes before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, func, literal, literal_column, select, type_coerce, union_all
from sqlmodel import Session, col

from bridge.models import LicenseKey
from bridge.storage.key_filters import Asked
from bridge.storage.key_order import Order, Position
from bridge.storage.key_states import unindexed

# SQLite merges no more at once, see SQLITE_LIMIT_COMPOUND_SELECT in its documentation.
_MOST_MERGED = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Which page: ``offset`` keys on, or right behind or before a position."""

    order: Order
    limit: int
    offset: int = 0
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The ids of a page in their order; for the rest see ``key_search.Found``."""

    ids: list[int]
    total: int
    capped: bool
    more_before: bool
    more_after: bool


def walk(session: Session, asked: Asked, place: Place, total: int, *, capped: bool) -> Page:
    """A page of a list of so many keys. What lies beyond the middle is reached from the other end."""
    order, limit = place.order, place.limit
    if place.before is not None:
        ids = _steps(session, asked, order.reversed, place.before, limit + 1, 0)
        return Page(ids[:limit][::-1], total, capped, len(ids) > limit, more_after=True)
    if place.after is not None:
        ids = _steps(session, asked, order, place.after, limit + 1, 0)
        return Page(ids[:limit], total, capped, more_before=True, more_after=len(ids) > limit)
    if not capped and place.offset > total // 2:
        rest = total - place.offset
        ids = _steps(session, asked, order.reversed, None, min(limit, rest), max(0, rest - limit)) if rest > 0 else []
        return Page(ids[::-1], total, capped, more_before=True, more_after=rest > limit)
    ids = _steps(session, asked, order, None, limit + 1, place.offset)
    return Page(ids[:limit], total, capped, place.offset > 0, len(ids) > limit)


def among(session: Session, ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether a key is one of these, however many they are: one parameter in both databases."""
    if session.get_bind().dialect.name == "sqlite":
        listed = func.json_each(literal(json.dumps(list(ids)))).table_valued("value")
        return col(LicenseKey.id).in_(select(listed.c.value))
    return col(LicenseKey.id) == func.any(literal(list(ids)))


def _steps(session: Session, asked: Asked, order: Order, start: Position | None, count: int, offset: int) -> list[int]:
    """So many ids on from somewhere. Each part reads one range of an index in order, and they are merged."""

    def seen(date: Any) -> Any:
        """Dates are looked up in an index only where the walk follows that very index."""
        return date if date is order.column else unindexed(date)

    columns = [each for each in (order.column, col(LicenseKey.id)) if each is not None]
    # Nobody reads the dates here, and Python has none for 'infinity'.
    labels = [type_coerce(each, String).label(f"by_{at}") for at, each in enumerate(columns)]
    parts = [
        select(*labels).where(col(LicenseKey.package_id) == number, *asked.conditions(number, seen), *beyond)
        for number in asked.packages
        for beyond in order.beyond(start)
    ]
    query: Any
    if len(parts) == 1:
        query = parts[0].with_only_columns(col(LicenseKey.id)).order_by(*order.terms(*columns))
    else:
        query = _merged(session, order, parts, [each.name for each in labels], count + offset)
    return [int(row[-1]) for row in session.execute(query.limit(count).offset(offset))]


def _merged(session: Session, order: Order, parts: list[Any], names: list[str], most: int) -> Any:
    """The parts of a walk as one, of which the last column is the id.

    SQLite merges parts that it can read in order. PostgreSQL does not see that it can, where each has a package of its
    own; so each is told how far it will be read, and little is left to sort.
    """
    terms = order.terms(*(literal_column(name) for name in names))
    if session.get_bind().dialect.name == "sqlite":
        while len(parts) > _MOST_MERGED:
            some = [parts[at : at + _MOST_MERGED] for at in range(0, len(parts), _MOST_MERGED)]
            merged = [union_all(*each).order_by(*terms).limit(most).subquery().c for each in some]
            parts = [select(*(each[name] for name in names)) for each in merged]
        return union_all(*parts).order_by(*terms)
    limited = [
        part.order_by(*order.terms(*(each.element for each in part.selected_columns))).limit(most) for part in parts
    ]
    inner = union_all(*limited).subquery().c
    return select(inner[names[-1]]).order_by(*order.terms(*(inner[name] for name in names)))
