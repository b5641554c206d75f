"""Lists of keys as people ask for them: filtered, sorted, counted, one page at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, not_, or_
from sqlmodel import Session, col, select

from bridge.models import KeyCode, KeyDomain, LicenseKey, Package, PackageRepo, Site
from bridge.rules.keys import State

ASCENDING = {
    "id": (col(LicenseKey.id),),
    "expires_at": (),  # computed, see _order
    "customer": (func.lower(LicenseKey.customer_name), func.lower(LicenseKey.customer_email)),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """Which keys somebody sees from where they stand, and by what they may find them.

    From a repo (``repo_id``) its own keys are seen and those that the owner lends to it. Whoever sees codes and mail
    masked must not find keys by them either, or a search would spell them out letter by letter.
    """

    owner_id: int
    repo_id: int | None = None
    finds_own_by_code: bool = False
    finds_own_by_mail: bool = False
    finds_lent_by_code: bool = False
    finds_lent_by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty and ``None``: anything. ``sort`` may begin with ``-``."""

    state: str = ""
    package_id: int | None = None
    customer: str = ""
    host: str = ""
    text: str = ""
    expires_before: datetime | None = None
    sort: str = "-id"


def page_of_keys(
    session: Session, sight: Sight, wanted: Filter, now: datetime, *, limit: int, offset: int
) -> tuple[int, Sequence[tuple[LicenseKey, Package]]]:
    """How many keys match, and one page of them with their packages.

    Packages are few and read first, so that neither counting nor paging joins them to each key.
    """
    packages = {package.id or 0: package for package in session.exec(select(Package).where(*_packages_seen(sight)))}
    conditions = _filtered(sight, packages.values(), wanted, now)
    # Either condition alone says it, and can be counted in its index alone; together they let rows be read in order.
    seen: list[Any] = [LicenseKey.owner_id == sight.owner_id, col(LicenseKey.package_id).in_(list(packages))]
    counted = seen[:1] if sight.repo_id is None else seen[1:]
    total = session.exec(select(func.count()).select_from(LicenseKey).where(*counted, *conditions)).one()
    query = select(LicenseKey).where(*seen, *conditions).order_by(*_order(wanted.sort)).limit(limit).offset(offset)
    return int(total), [(key, packages[key.package_id]) for key in session.exec(query)]


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


def _filtered(sight: Sight, packages: Collection[Package], wanted: Filter, now: datetime) -> list[Any]:
    conditions: list[Any] = []
    if wanted.package_id is not None:
        conditions.append(LicenseKey.package_id == wanted.package_id)
    if wanted.state:
        conditions.append(_in_state(packages, wanted.state, now))
    if wanted.expires_before is not None:
        conditions.append(_expiry() < wanted.expires_before)
    if wanted.host:
        conditions.append(_on_host(wanted.host))
    own, lent = _levels(sight, packages)
    by_mail = _in_packages((own if sight.finds_own_by_mail else []) + (lent if sight.finds_lent_by_mail else []))
    by_code = _in_packages((own if sight.finds_own_by_code else []) + (lent if sight.finds_lent_by_code else []))
    if wanted.customer:
        mail = and_(by_mail, _contains(LicenseKey.customer_email, wanted.customer))
        conditions.append(or_(_contains(LicenseKey.customer_name, wanted.customer), mail))
    if wanted.text:
        conditions.append(_has_text(wanted.text, by_mail, by_code))
    return conditions


def _levels(sight: Sight, packages: Collection[Package]) -> tuple[list[int], list[int]]:
    """Ids of the packages that are the place's own, and of those that the owner lends to it."""
    lent = [package.id or 0 for package in packages if sight.repo_id is not None and package.repo_id is None]
    return [package.id or 0 for package in packages if package.id not in lent], lent


def _in_packages(ids: list[int]) -> ColumnElement[bool]:
    return col(LicenseKey.package_id).in_(ids)


def _has_text(text: str, by_mail: ColumnElement[bool], by_code: ColumnElement[bool]) -> ColumnElement[bool]:
    coded = col(LicenseKey.id).in_(select(KeyCode.key_id).where(_contains(KeyCode.code, text)))
    assigned = col(LicenseKey.id).in_(select(KeyDomain.key_id).where(_contains(KeyDomain.pattern, text)))
    return or_(
        _contains(LicenseKey.customer_name, text),
        _contains(LicenseKey.note, text),
        _contains(LicenseKey.payment_ref, text),
        assigned,
        and_(by_mail, _contains(LicenseKey.customer_email, text)),
        # A master key's code is its owner's alone, so nobody finds it by its letters.
        and_(by_code, not_(col(LicenseKey.is_master)), coded),
    )


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.lower(), autoescape=True)


def _on_host(host: str) -> ColumnElement[bool]:
    """Assigned to the host, also by a wildcard, or used on it."""
    labels = host.split(".")
    patterns = [host, *("*." + ".".join(labels[at:]) for at in range(1, len(labels)))]
    assigned = exists().where(col(KeyDomain.key_id) == col(LicenseKey.id), col(KeyDomain.pattern).in_(patterns))
    used = exists().where(col(Site.key_id) == col(LicenseKey.id), col(Site.host) == host, col(Site.freed_at).is_(None))
    return or_(assigned, used)


def _expiry() -> Any:
    """``rules.terms.effective_expiry`` in SQL; a test compares the two."""
    paid, edited = LicenseKey.expires_at, LicenseKey.edit_until
    later = case((col(edited) > col(paid), edited), else_=paid)
    extended = case((or_(col(edited).is_(None), col(paid).is_(None)), None), else_=later)
    return case(
        (col(LicenseKey.edit_kind).is_(None), paid), (col(LicenseKey.edit_kind) == "fix", edited), else_=extended
    )


def _in_state(packages: Collection[Package], state: str, now: datetime) -> ColumnElement[bool]:
    """``rules.keys.state`` in SQL: each state excludes those before it."""
    expired = _expiry() <= now
    by_grace: dict[int, list[int]] = {}
    for package in packages:
        by_grace.setdefault(package.grace_days, []).append(package.id or 0)
    # Databases add days each in its own way; there are few different graces, so the days are taken off here.
    graced = or_(false(), *(and_(_in_packages(ids), _expiry() > _before(now, days)) for days, ids in by_grace.items()))
    ladder: list[tuple[str, Any]] = [
        (State.REVOKED, col(LicenseKey.revoked_at).is_not(None)),
        (State.SUSPENDED, col(LicenseKey.suspended_at).is_not(None)),
        (State.NOT_STARTED, col(LicenseKey.starts_at) > now),
        (State.EXPIRED, and_(expired, not_(graced))),
        (State.GRACE, expired),
    ]
    whole = case(*((condition, name) for name, condition in ladder), else_=str(State.ACTIVE))
    return whole == state


def _before(now: datetime, days: int) -> datetime:
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)


def _order(sort: str) -> list[Any]:
    name = sort.removeprefix("-")
    columns: Sequence[Any] = ASCENDING[name]
    if name == "expires_at":
        # Without end is after every end, on every database.
        columns = (case((_expiry().is_(None), 1), else_=0), _expiry())
    ordered = [*columns, *(() if name == "id" else (col(LicenseKey.id),))]
    return [column.desc() for column in ordered] if sort.startswith("-") else ordered
