"""The files of releases as the store should have them: which are to be fetched, which are there, which may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, not_, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bridge.models import Asset, Owner, Release, Repo
from bridge.storage.catalog import Due


def unread_assets(session: Session, repo_id: int, now: datetime) -> Sequence[Asset]:
    """Assets of published releases whose bytes are wanted now."""
    due = or_(col(Asset.retry_at).is_(None), col(Asset.retry_at) <= now)
    zips = func.lower(Asset.name).like("%.zip")
    wanted = _published_assets(repo_id).where(col(Asset.fetched_at).is_(None), due, zips)
    return session.exec(wanted.order_by(col(Asset.gitea_id).desc())).all()


def read_assets(session: Session, repo_id: int) -> Sequence[Asset]:
    """Assets of published releases that were fetched, so that their bytes should be in the store."""
    return session.exec(_published_assets(repo_id).where(col(Asset.fetched_at).is_not(None))).all()


def _published_assets(repo_id: int) -> SelectOfScalar[Asset]:
    return (
        select(Asset)
        .join(Release, col(Release.id) == Asset.release_id)
        .where(Release.repo_id == repo_id, col(Release.withdrawn_at).is_(None), col(Asset.gone_at).is_(None))
    )


def stored_bytes(session: Session, owner_id: int) -> int:
    """Bytes that the owner's distinct files take in the store."""
    distinct = (
        select(Asset.sha256, func.max(Asset.size).label("size"))
        .join(Release, col(Release.id) == Asset.release_id)
        .join(Repo, col(Repo.id) == Release.repo_id)
        .where(Repo.owner_id == owner_id, col(Asset.sha256).is_not(None))
        .group_by(col(Asset.sha256))
        .subquery()
    )
    return int(session.exec(select(func.coalesce(func.sum(distinct.c.size), 0))).one())


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that should be in every store, and an asset of Gitea that has them. ``size`` in bytes."""

    uuid: str
    sha256: str
    size: int


def bytes_on_offer(session: Session) -> Sequence[Stored]:
    """The files of published releases of served repos, each once; the newest are first, since they are asked for."""
    query = (
        select(Asset.uuid, Asset.sha256, Asset.size)
        .join(Release, col(Release.id) == Asset.release_id)
        .join(Repo, col(Repo.id) == Release.repo_id)
        .where(
            col(Repo.served),
            col(Release.withdrawn_at).is_(None),
            col(Asset.gone_at).is_(None),
            col(Asset.fetched_at).is_not(None),
        )
        .order_by(col(Asset.fetched_at).desc())
    )
    found: dict[str, Stored] = {}
    for uuid, sha256, size in session.exec(query):
        found.setdefault(sha256 or "", Stored(uuid, sha256 or "", size))
    return list(found.values())


def all_digests(session: Session) -> set[str]:
    """The digest of every file that a row names."""
    return {each for each in session.exec(select(Asset.sha256).where(col(Asset.sha256).is_not(None))) if each}


def all_stored_bytes(session: Session) -> int:
    """Bytes that all distinct files take in the store."""
    distinct = (
        select(Asset.sha256, func.max(Asset.size).label("size"))
        .where(col(Asset.sha256).is_not(None))
        .group_by(col(Asset.sha256))
        .subquery()
    )
    return int(session.exec(select(func.coalesce(func.sum(distinct.c.size), 0))).one())


def next_retry(session: Session, repo_id: int) -> datetime | None:
    """When the next of the repo's files that could not be fetched is to be tried again."""
    return session.exec(
        select(func.min(Asset.retry_at))
        .join(Release, col(Release.id) == Asset.release_id)
        .where(
            Release.repo_id == repo_id,
            col(Release.withdrawn_at).is_(None),
            col(Asset.gone_at).is_(None),
            col(Asset.fetched_at).is_(None),
        )
    ).one()


def drop_vanished_bytes(session: Session, before: datetime) -> Sequence[str]:
    """Forget the bytes of files that left their releases, or whose releases were withdrawn, before a moment.

    Returns the digests that nobody else has. A withdrawn release keeps its digests, since its downloads still say that
    it was withdrawn; should it come back, its bytes are fetched again.
    """
    withdrawn = col(Release.withdrawn_at) < before
    living = (
        select(Asset.sha256)
        .join(Release, col(Release.id) == Asset.release_id)
        .where(
            col(Asset.sha256).is_not(None),
            or_(col(Asset.gone_at).is_(None), col(Asset.gone_at) >= before),
            or_(col(Release.withdrawn_at).is_(None), not_(withdrawn)),
        )
    )
    dropped = session.exec(
        select(Asset, withdrawn)
        .join(Release, col(Release.id) == Asset.release_id)
        .where(
            col(Asset.sha256).is_not(None),
            col(Asset.sha256).not_in(living),
            or_(col(Release.withdrawn_at).is_(None), withdrawn),
        )
    ).all()
    digests = {asset.sha256 for asset, _ in dropped if asset.sha256}
    for asset, of_withdrawn in dropped:
        if not of_withdrawn:
            asset.fetched_at = asset.sha256 = asset.sha384 = asset.sha512 = None
    session.flush()
    needed = select(Asset.sha256).join(Release, col(Release.id) == Asset.release_id)
    kept = set(
        session.exec(
            needed.where(col(Asset.sha256).in_(digests), or_(col(Release.withdrawn_at).is_(None), not_(withdrawn)))
        )
    )
    return sorted(digests - kept)


def repos_with_bytes(session: Session, sha256: str) -> Sequence[Due]:
    """The repos that have a file of these bytes."""
    rows = session.exec(
        select(Repo.id, Owner.name, Repo.name)
        .join(Owner, col(Owner.id) == Repo.owner_id)
        .join(Release, col(Release.repo_id) == Repo.id)
        .join(Asset, col(Asset.release_id) == Release.id)
        .where(Asset.sha256 == sha256)
        .distinct()
    )
    return [Due(repo_id, f"{owner}/{name}") for repo_id, owner, name in rows]
