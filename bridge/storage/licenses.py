"""Packages and keys as rows, and their translation into what the rules see."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bridge.errors import ConflictError
from bridge.models import KeyCode, KeyDomain, LicenseKey, Package, PackageRepo
from bridge.rules import packages as rules
from bridge.rules.keys import KeyFacts
from bridge.rules.packages import name_key
from bridge.rules.terms import ExpiryEdit, Term, effective_expiry
from bridge.storage.engine import is_duplicate


def package_value(row: Package, repo_ids: Iterable[int] = ()) -> rules.Package:
    """The package as the rules see it."""
    return rules.Package(
        id=row.id or 0,
        owner_id=row.owner_id,
        name=row.name,
        term=Term(row.term_kind, row.term_days, row.term_from, row.term_until),  # type: ignore[arg-type]
        repo_id=row.repo_id,
        repo_ids=frozenset(repo_ids),
        streams=None if row.streams is None else frozenset(row.streams),
        editions=None if row.editions is None else frozenset(row.editions),
        max_sites=row.max_sites,
        local_sites=row.local_sites,  # type: ignore[arg-type]
        unstated_domain=row.unstated_domain,  # type: ignore[arg-type]
        grace=timedelta(days=row.grace_days),
        after_expiry=row.after_expiry,  # type: ignore[arg-type]
        renewal_url=row.renewal_url,
        active=row.active,
        is_master=row.is_master,
    )


def expiry_of(key: LicenseKey) -> datetime | None:
    """The expiry that counts: what the term gives and what a person said beside it."""
    edit = ExpiryEdit(key.edit_kind, key.edit_until) if key.edit_kind else None  # type: ignore[arg-type]
    return effective_expiry(key.expires_at, edit)


def key_facts(key: LicenseKey) -> KeyFacts:
    """The dated facts about a key."""
    hold: Any = key.payment_hold
    return KeyFacts(
        key.starts_at,
        expiry_of(key),
        key.revoked_at,
        key.suspended_at,
        hold,
        key.payment_reason or "",
        None if key.edit_kind == "fix" else key.paid_grace_until,  # a person's exact date goes before what is paid
    )


def packages_of(session: Session, owner_id: int, repo_id: int | None = None) -> Sequence[Package]:
    """The owner's packages, and with ``repo_id`` only those that stack up there."""
    query = select(Package).where(Package.owner_id == owner_id).order_by(col(Package.is_master).desc(), col(Package.id))
    if repo_id is not None:
        query = query.where(or_(col(Package.repo_id).is_(None), col(Package.repo_id) == repo_id))
    return session.exec(query).all()


def repos_of_packages(session: Session, package_ids: Iterable[int]) -> dict[int, set[int]]:
    """Which repos each package lists."""
    listed: dict[int, set[int]] = {}
    for row in session.exec(select(PackageRepo).where(col(PackageRepo.package_id).in_(list(package_ids)))):
        listed.setdefault(row.package_id, set()).add(row.repo_id)
    return listed


def package_values(session: Session, owner_id: int) -> dict[int, rules.Package]:
    """All packages of an owner and of its repos, by id."""
    rows = packages_of(session, owner_id)
    listed = repos_of_packages(session, [row.id or 0 for row in rows])
    return {row.id or 0: package_value(row, listed.get(row.id or 0, ())) for row in rows}


def package_by_id(session: Session, package_id: int) -> Package | None:
    """One package."""
    return session.get(Package, package_id)


def package_by_name(session: Session, owner_id: int, repo_id: int | None, name: str) -> Package | None:
    """The package of this name on this level."""
    level = col(Package.repo_id).is_(None) if repo_id is None else col(Package.repo_id) == repo_id
    return session.exec(
        select(Package).where(Package.owner_id == owner_id, level, Package.name_key == name_key(name))
    ).first()


def master_package(session: Session, owner_id: int) -> Package | None:
    """The owner's own, unlimited package."""
    return session.exec(select(Package).where(Package.owner_id == owner_id, col(Package.is_master))).first()


def live_master_key(session: Session, package_id: int) -> LicenseKey | None:
    """The master key that is in force."""
    return session.exec(
        select(LicenseKey).where(
            LicenseKey.package_id == package_id, col(LicenseKey.is_master), col(LicenseKey.revoked_at).is_(None)
        )
    ).first()


def insert_unless_exists(session: Session, row: object) -> bool:
    """Insert in a savepoint; ``False`` where a unique constraint says that somebody else was first."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False
    return True


def hold(session: Session, key: LicenseKey) -> None:
    """Read the key anew and let no other transaction change it before this one ends.

    Whoever changes a key, or decides by what belongs to it, asks for it first, so that two such do not act on the same
    old picture. SQLite's transactions take turns anyway.
    """
    session.flush()  # what this transaction changed of it already would be read over
    session.refresh(key, with_for_update={"key_share": True})  # rows that point to the key may still be added


def save_package(session: Session, package: Package, repo_ids: Iterable[int]) -> Package:
    """Insert or update. Raises ``ConflictError`` where the name is taken on that level."""
    name = package.name  # after a refused update the row can't be asked any more
    if not insert_unless_exists(session, package):
        raise ConflictError(f"there is a package named “{name}” already; choose another name")
    wanted, now_listed = set(repo_ids), repos_of_packages(session, [package.id or 0]).get(package.id or 0, set())
    for repo_id in now_listed - wanted:
        session.delete(session.get_one(PackageRepo, (package.id, repo_id)))
    session.add_all(PackageRepo(package_id=package.id or 0, repo_id=repo_id) for repo_id in wanted - now_listed)
    return package


def add_code(session: Session, key: LicenseKey, code: str, now: datetime, *, native: bool = True) -> None:
    """Give a key a code; a former one keeps working as long as its ``valid_until`` says."""
    session.add(key)
    session.flush()
    session.add(KeyCode(code=code, key_id=key.id or 0, native=native, created_at=now))
    session.flush()


def key_by_id(session: Session, key_id: int) -> LicenseKey | None:
    """One key."""
    return session.get(LicenseKey, key_id)


def keys_by_code(session: Session, code: str) -> Sequence[LicenseKey]:
    """The keys that a code stands for; several only for a legacy one."""
    return session.exec(
        select(LicenseKey)
        .join(KeyCode, col(KeyCode.key_id) == LicenseKey.id)
        .where(KeyCode.code == code)
        .order_by(col(LicenseKey.id))
    ).all()


def codes_of(session: Session, key_ids: Iterable[int]) -> dict[int, list[KeyCode]]:
    """Each key's codes, the present one first."""
    codes: dict[int, list[KeyCode]] = {}
    query = select(KeyCode).where(col(KeyCode.key_id).in_(list(key_ids)))
    for code in session.exec(query.order_by(col(KeyCode.valid_until).is_not(None), col(KeyCode.created_at).desc())):
        codes.setdefault(code.key_id, []).append(code)
    return codes


def domains_of(session: Session, key_ids: Iterable[int]) -> dict[int, list[str]]:
    """Each key's assigned domains, sorted."""
    domains: dict[int, list[str]] = {}
    query = select(KeyDomain).where(col(KeyDomain.key_id).in_(list(key_ids))).order_by(KeyDomain.pattern)
    for row in session.exec(query):
        domains.setdefault(row.key_id, []).append(row.pattern)
    return domains


def assign_domains(session: Session, key_id: int, patterns: Iterable[str]) -> None:
    """Replace the domains that a key is assigned to."""
    wanted, present = set(patterns), set(domains_of(session, [key_id]).get(key_id, ()))
    for pattern in present - wanted:
        session.delete(session.get_one(KeyDomain, (key_id, pattern)))
    session.add_all(KeyDomain(key_id=key_id, pattern=pattern) for pattern in wanted - present)


def issued_since(session: Session, owner_id: int, since: datetime) -> int:
    """How many keys the owner's packages have issued since a moment. What came with a code was issued elsewhere."""
    made_here = exists().where(col(KeyCode.key_id) == col(LicenseKey.id), col(KeyCode.native))
    query = select(func.count()).select_from(LicenseKey)
    query = query.where(LicenseKey.owner_id == owner_id, LicenseKey.created_at >= since, made_here)
    return int(session.exec(query).one())


def hand_over_repo_packages(session: Session, repo_id: int, owner_id: int) -> None:
    """Let the packages of a transferred repo, and their keys, belong to its new owner."""
    ids = select(Package.id).where(Package.repo_id == repo_id)
    session.exec(update(LicenseKey).where(col(LicenseKey.package_id).in_(ids)).values(owner_id=owner_id))
    session.exec(update(Package).where(col(Package.repo_id) == repo_id).values(owner_id=owner_id))
