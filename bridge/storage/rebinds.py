"""What the bridge remembers under one repo's id, put under another's. All in SQL: there may be any number of keys."""

from datetime import datetime

from sqlalchemy import delete, func, text, update
from sqlmodel import Session, col, select

from bridge.models import (
    Audit,
    Customer,
    CustomerWord,
    DisputeFact,
    FloorFact,
    LicenseKey,
    LinkFact,
    MachineToken,
    MailTemplate,
    Outbox,
    Owner,
    Package,
    PackageRepo,
    PaymentAccount,
    Purchase,
    Refresh,
    RefundFact,
    Release,
    Replay,
    Repo,
    RepoName,
)
from bridge.storage import catalog, licenses, removals

# Everything that names its owner by a column of its own.
_OF_OWNER = (
    Package,
    LicenseKey,
    Customer,
    CustomerWord,
    Purchase,
    LinkFact,
    RefundFact,
    FloorFact,
    DisputeFact,
    MachineToken,
    PaymentAccount,
    Outbox,
    MailTemplate,
    Audit,
    Replay,
    Repo,
)
_USAGE = """
INSERT INTO usage_day (day, repo_id, kind, code, key_id, site, version, cms, php, count)
SELECT day, :new_id, kind, code, key_id, site, version, cms, php, count FROM usage_day WHERE repo_id = :old_id
ON CONFLICT (day, repo_id, key_id, site, kind, code, version, cms, php)
DO UPDATE SET count = usage_day.count + excluded.count
"""
_FIRST_SEEN = """
UPDATE release SET first_seen_at = (SELECT min(old.first_seen_at) FROM release AS old
                                    WHERE old.tag = release.tag AND old.repo_id IN (:old_id, :new_id))
WHERE repo_id = :new_id
"""


def hold(session: Session, repo_ids: list[int]) -> None:
    """Let nobody else change these repos and their packages before this transaction ends."""
    session.flush()
    for query in (
        select(Repo.id).where(col(Repo.id).in_(repo_ids)).order_by(col(Repo.id)),
        select(Package.id).where(col(Package.repo_id).in_(repo_ids)).order_by(col(Package.id)),
    ):
        session.exec(query.with_for_update()).all()


def names_of_packages(session: Session, repo_id: int) -> list[str]:
    """The repo's own packages, by name."""
    query = select(Package.name).where(Package.repo_id == repo_id).order_by(Package.name)
    return list(session.exec(query))


def count_keys(session: Session, repo_id: int) -> int:
    """How many keys the repo's own packages have."""
    of_repo = select(Package.id).where(Package.repo_id == repo_id)
    query = select(func.count()).select_from(LicenseKey).where(col(LicenseKey.package_id).in_(of_repo))
    return int(session.exec(query).one())


def move_repo(session: Session, old_id: int, new_id: int, now: datetime, *, same_owner: bool) -> None:
    """Packages, names, releases, counts, machine tokens and the trail go over. The old row stays, and serves nobody.

    A release that both have keeps the moment at which it was seen first; the old ones count as withdrawn.
    """
    session.exec(update(Package).where(col(Package.repo_id) == old_id).values(repo_id=new_id))
    if same_owner:
        _move_listings(session, old_id, new_id)
    for table in (MachineToken, Audit):
        session.exec(update(table).where(col(table.repo_id) == old_id).values(repo_id=new_id))
    names = update(RepoName).where(col(RepoName.repo_id) == old_id)
    session.exec(names.values(repo_id=new_id, current=False, dead=False))
    ids = {"old_id": old_id, "new_id": new_id}
    session.execute(text(_FIRST_SEEN), ids)
    releases = update(Release).where(col(Release.repo_id) == old_id)
    session.exec(releases.values(repo_id=new_id, withdrawn_at=func.coalesce(Release.withdrawn_at, now)))
    session.execute(text(_USAGE), ids)
    session.execute(text("DELETE FROM usage_day WHERE repo_id = :old_id"), {"old_id": old_id})
    session.exec(delete(Refresh).where(col(Refresh.repo_id) == old_id))
    gone = {"served": False, "absent_since": func.coalesce(Repo.absent_since, now), "revision": Repo.revision + 1}
    session.exec(
        update(Repo).where(col(Repo.id) == old_id).values(gone | {"next_refresh_at": None, "next_settings_at": None})
    )
    catalog.raise_repo_revision(session, new_id)


def _move_listings(session: Session, old_id: int, new_id: int) -> None:
    """Let an owner's packages that list the old repo list the new one.

    One of another owner goes on listing the old one: without any it would open them all.
    """
    listing = set(session.exec(select(PackageRepo.package_id).where(PackageRepo.repo_id == old_id)))
    both = set(session.exec(select(PackageRepo.package_id).where(PackageRepo.repo_id == new_id)))
    for package_id in listing - both:
        session.add(PackageRepo(package_id=package_id, repo_id=new_id))
    session.flush()
    session.exec(delete(PackageRepo).where(col(PackageRepo.repo_id) == old_id))


def is_fresh(session: Session, owner_id: int) -> bool:
    """Whether an owner has nothing but the master package and key that every owner is given."""
    packages = select(func.count()).select_from(Package).where(Package.owner_id == owner_id, ~col(Package.is_master))
    keys = select(func.count()).select_from(LicenseKey)
    counts = [session.exec(packages).one(), int(session.exec(keys.where(LicenseKey.owner_id == owner_id)).one()) > 1]
    of_sales = (Purchase, LinkFact, RefundFact, FloorFact, DisputeFact, PaymentAccount, Outbox, MailTemplate)
    tables = (Customer, *of_sales, MachineToken)
    first = (session.exec(select(table.owner_id).where(table.owner_id == owner_id)).first() for table in tables)
    return not any(counts) and all(each is None for each in first)


def move_owner(session: Session, old_id: int, new_id: int) -> None:
    """Let a fresh owner be what another one was, master package and key included; the other one's row goes."""
    master = licenses.master_package(session, new_id)
    if master is not None:
        for key in session.exec(select(LicenseKey).where(LicenseKey.package_id == master.id)).all():
            removals.remove_key(session, key)
        removals.remove_package(session, master)
    for table in _OF_OWNER:
        session.exec(update(table).where(col(table.owner_id) == old_id).values(owner_id=new_id))
    session.exec(delete(Owner).where(col(Owner.id) == old_id))
    catalog.raise_owner_revision(session, new_id)


def note_gone(session: Session, owner_id: int | None, repo_id: int, now: datetime) -> None:
    """The repo, or with ``owner_id`` every repo of the owner, is not in Gitea any more."""
    which = col(Repo.id) == repo_id if owner_id is None else col(Repo.owner_id) == owner_id
    session.exec(update(Repo).where(which).values(absent_since=func.coalesce(Repo.absent_since, now)))
