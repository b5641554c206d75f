"""Lists of customers, and the keys of each, as people ask for them."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, tuple_, union
from sqlmodel import Session, col, select

from bridge.models import Customer, CustomerWord, LicenseKey, Package
from bridge.rules.customers import folded, mail_key
from bridge.storage.key_order import Position

MOST_COUNTED = 10_000
# So many that a word finds are looked at, the first by the alphabet: who wants others says more of the word.
MOST_FOUND = 1000
_LAST_SIGN = "\U0010ffff"
_NAME = Customer.__table__.c.name_key.type  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose customers are meant: an owner's, or those who have keys of some of its packages (``package_ids``).

    Whoever sees mail addresses masked must not find customers by them either.
    """

    owner_id: int
    package_ids: Sequence[int] | None = None
    finds_by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of a list, sorted by ``id`` or ``customer`` (the name; with ``-``: the other way round).

    ``offset`` customers on, or right behind or before a position.
    """

    sort: str
    limit: int
    offset: int = 0
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page, and how many there are; ``capped``: more than that."""

    customers: Sequence[Customer]
    total: int
    capped: bool
    more_before: bool
    more_after: bool


def page_of_customers(session: Session, reach: Reach, words: str, window: Window) -> CustomerPage:
    """Customers who have keys, one page of them, without reading what comes before it.

    With ``words``: whose name, or a word of it, begins so; or whose mail address does, from one of its words on. Who
    is asked for by the whole address is found even where no key is left.
    """
    asked, limit = _asked(session, reach, folded(words.strip())), window.limit
    conditions, order = asked.conditions, _Order(window.sort, picked=asked.picked)
    count = MOST_COUNTED + 1 if asked.many else _count(session, select(col(Customer.id)).where(*conditions))
    total, capped = min(count, MOST_COUNTED), asked.cut or count > MOST_COUNTED
    if window.before is not None:
        rows = _rows(session, conditions, order.reversed, window.before, limit + 1, 0)
        return CustomerPage(rows[:limit][::-1], total, capped, len(rows) > limit, more_after=True)
    if not capped and window.after is None and window.offset > total // 2:  # nearer from the other end
        rest = max(0, total - window.offset)
        rows = _rows(session, conditions, order.reversed, None, min(limit, rest), max(0, rest - limit))
        return CustomerPage(rows[::-1], total, capped, more_before=True, more_after=rest > limit)
    rows = _rows(session, conditions, order, window.after, limit + 1, window.offset if window.after is None else 0)
    began = window.after is not None or window.offset > 0
    return CustomerPage(rows[:limit], total, capped, began, len(rows) > limit)


def position(customer: Customer, sort: str) -> Position:
    """Where a customer stands in a list that is sorted so."""
    return Position(customer.name_key if sort.endswith("customer") else None, customer.id or 0)


def own_packages(session: Session, repo_id: int) -> Sequence[int]:
    """The packages that are a repo's own."""
    return [id_ or 0 for id_ in session.exec(select(Package.id).where(Package.repo_id == repo_id))]


def first_keys(
    session: Session, customer_id: int, package_ids: Sequence[int] | None, most: int, offset: int = 0
) -> tuple[int, Sequence[tuple[LicenseKey, Package]]]:
    """How many keys a customer has, of these packages or of all, and the newest of them with their packages.

    ``offset``: so many are passed over.
    """
    conditions: list[Any] = [LicenseKey.customer_id == customer_id, *_of_packages(package_ids)]
    total = int(session.exec(select(func.count()).select_from(LicenseKey).where(*conditions)).one())
    query = select(LicenseKey).where(*conditions).order_by(col(LicenseKey.id).desc()).limit(most).offset(offset)
    return total, [(key, session.get_one(Package, key.package_id)) for key in session.exec(query)]


def packages_held(session: Session, customer_id: int) -> Sequence[Package]:
    """The packages that a customer has keys of."""
    held = select(LicenseKey.package_id).where(LicenseKey.customer_id == customer_id)
    return session.exec(select(Package).where(col(Package.id).in_(held))).all()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked for. ``picked``: named one by one, so that an order's index would be a detour.

    ``cut``: the word finds more. ``many``: they are known to be more than are counted.
    """

    conditions: list[Any]
    picked: bool = True
    cut: bool = False
    many: bool = False


def _asked(session: Session, reach: Reach, word: str) -> _Asked:
    keyed = exists().where(col(LicenseKey.customer_id) == col(Customer.id), *_of_packages(reach.package_ids))
    if reach.package_ids is None:
        if not word:
            return _Asked([Customer.owner_id == reach.owner_id, keyed], picked=False)
        # Who has no key of a repo is nobody there; at an owner, whoever says the whole address has found somebody.
        whole = [col(Customer.email_key) == mail_key(word)] * reach.finds_by_mail
        texts = _beginning(reach, word)
        return _Asked([_any_of(texts), or_(keyed, *whole)], cut=_overflow(session, texts))
    members = select(LicenseKey.customer_id).where(*_of_packages(reach.package_ids)).distinct()
    members = members.where(col(LicenseKey.customer_id).is_not(None))
    if not word:
        if _count(session, members) > MOST_COUNTED:
            return _Asked([Customer.owner_id == reach.owner_id, keyed], picked=False, many=True)
        return _Asked([col(Customer.id).in_(members)])
    if _count(session, members, MOST_FOUND) <= MOST_FOUND:
        here = exists().where(col(CustomerWord.customer_id) == col(Customer.id), _is_beginning(reach, word))
        return _Asked([col(Customer.id).in_(members), here])
    texts = _beginning(reach, word)
    return _Asked([_any_of(texts), keyed], cut=_overflow(session, texts))


def _count(session: Session, query: Any, most: int = MOST_COUNTED) -> int:
    """How many rows there are; one more than ``most``, where there are more."""
    return int(session.exec(select(func.count()).select_from(query.limit(most + 1).subquery())).one())


def _of_packages(package_ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    return [] if package_ids is None else [col(LicenseKey.package_id).in_(package_ids)]


def _is_beginning(reach: Reach, word: str) -> ColumnElement[bool]:
    span = and_(col(CustomerWord.word) >= word, col(CustomerWord.word) < word + _LAST_SIGN)
    return span if reach.finds_by_mail else and_(span, col(CustomerWord.of_mail).is_(False))


def _beginning(reach: Reach, word: str) -> list[Any]:
    """What begins so, of names and (for who may see them) of addresses: one range of an index each."""
    rows = select(CustomerWord.customer_id).where(CustomerWord.owner_id == reach.owner_id, _is_beginning(reach, word))
    rows = rows.order_by(col(CustomerWord.word))
    return [
        rows.where(col(CustomerWord.of_mail).is_(of_mail)) for of_mail in ([False, True][: 1 + reach.finds_by_mail])
    ]


def _any_of(texts: Sequence[Any]) -> ColumnElement[bool]:
    first = [each.limit(MOST_FOUND).subquery() for each in texts]
    return col(Customer.id).in_(union(*(select(each.c.customer_id) for each in first)))


def _overflow(session: Session, texts: Sequence[Any]) -> bool:
    return any(_count(session, each, MOST_FOUND) > MOST_FOUND for each in texts)


@dataclass(frozen=True, slots=True)
class _Order:
    sort: str
    picked: bool

    @property
    def reversed(self) -> "_Order":
        """The same from the other end."""
        return _Order(self.sort.removeprefix("-") if self.sort.startswith("-") else f"-{self.sort}", self.picked)

    @property
    def terms(self) -> list[Any]:
        """For ORDER BY."""
        columns: list[Any] = [col(Customer.name_key)] if self.sort.endswith("customer") else []
        columns.append(col(Customer.id))
        if self.picked:  # an expression has no index: the few that match are sorted, instead of all walked in order
            columns = [func.coalesce(column, column) for column in columns]
        return [column.desc() if self.sort.startswith("-") else column for column in columns]

    def beyond(self, place: Position | None) -> list[ColumnElement[bool]]:
        """What stands behind a position."""
        if place is None:
            return []
        behind = operator.lt if self.sort.startswith("-") else operator.gt
        if not self.sort.endswith("customer"):
            return [behind(col(Customer.id), place.key_id)]
        # Compared as pairs, which both databases look up in the index of both.
        here = tuple_(literal(place.value or "", _NAME), literal(place.key_id))
        return [behind(tuple_(col(Customer.name_key), col(Customer.id)), here)]


def _rows(
    session: Session, conditions: Sequence[Any], order: _Order, place: Position | None, count: int, offset: int
) -> Sequence[Customer]:
    query = select(Customer).where(*conditions, *order.beyond(place)).order_by(*order.terms)
    return session.exec(query.limit(count).offset(offset)).all()
