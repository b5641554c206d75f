"""Owners, repos, names, releases and assets: what the bridge remembers of Gitea."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from bridge.models import Asset, Owner, Release, Repo, RepoName
from bridge.rules.publication import AssetFacts, Extension, ReleaseFacts
from bridge.storage.moments import has_come


def owner_by_name(session: Session, name: str) -> Owner | None:
    """The owner that has this name now; case does not matter."""
    return session.exec(select(Owner).where(func.lower(Owner.name) == name.lower())).first()


def repo_by_name(session: Session, owner: str, name: str) -> tuple[Repo, RepoName] | None:
    """The repo that this path leads to, by its present or a former name."""
    found = session.exec(
        select(Repo, RepoName)
        .join(RepoName, col(RepoName.repo_id) == Repo.id)
        .where(RepoName.owner_name == owner.lower(), RepoName.repo_name == name.lower())
    ).first()
    return (found[0], found[1]) if found else None


def repos_of(
    session: Session, owner_id: int | None = None, *, served_only: bool = False
) -> Sequence[tuple[Repo, Owner]]:
    """Repos with their owners, by name."""
    query = select(Repo, Owner).join(Owner, col(Owner.id) == Repo.owner_id).order_by(Owner.name, Repo.name)
    if owner_id is not None:
        query = query.where(Repo.owner_id == owner_id)
    if served_only:
        query = query.where(col(Repo.served))
    return [(repo, owner) for repo, owner in session.exec(query)]


def hold_owner(session: Session, owner_id: int) -> None:
    """Let nobody else who asks for it be at work on the owner's things before this transaction ends.

    Rows that point to the owner, like keys, may be added meanwhile.
    """
    session.exec(select(Owner.id).where(Owner.id == owner_id).with_for_update(key_share=True)).one()


def holders_of_name(session: Session, owner_name: str) -> set[int]:
    """Ids of the owners whose living repos customers know below this owner name."""
    query = select(Repo.owner_id).join(RepoName, col(RepoName.repo_id) == Repo.id)
    return set(
        session.exec(
            query.where(
                RepoName.owner_name == owner_name.lower(), col(RepoName.once_served), col(Repo.absent_since).is_(None)
            )
        )
    )


def names_of(session: Session, repo_id: int) -> Sequence[RepoName]:
    """Every path that leads to the repo."""
    return session.exec(select(RepoName).where(RepoName.repo_id == repo_id)).all()


def point_name_at(session: Session, owner: str, name: str, repo: Repo) -> None:
    """Let the path lead to this repo. The repo's other paths stay, as former names; another repo loses this one."""
    for other in names_of(session, repo.id):
        other.current = False
    row = session.get(RepoName, (owner.lower(), name.lower()))
    if row is None:
        row = RepoName(owner_name=owner.lower(), repo_name=name.lower(), repo_id=repo.id)
    row.repo_id, row.current, row.dead = repo.id, True, False
    row.once_served = row.once_served or repo.served
    session.add(row)


def releases_of(session: Session, repo_id: int) -> Sequence[Release]:
    """All releases of a repo that were ever published, oldest first."""
    return session.exec(
        select(Release).where(Release.repo_id == repo_id).order_by(col(Release.first_seen_at), col(Release.id))
    ).all()


def released_since(session: Session, since: datetime) -> Sequence[tuple[int, str, str, datetime]]:
    """Id and path of the repo, tag and first sight of the served releases that are younger, the youngest first.

    What a repo had when the bridge saw it first is not among them: no hook tells of that.
    """
    eldest = (
        select(Release.repo_id, func.min(Release.first_seen_at).label("at")).group_by(col(Release.repo_id)).subquery()
    )
    rows = session.exec(
        select(Release, Repo, Owner)
        .join(Repo, col(Repo.id) == Release.repo_id)
        .join(Owner, col(Owner.id) == Repo.owner_id)
        .join(eldest, eldest.c.repo_id == Repo.id)
        .where(
            col(Repo.served),
            col(Release.withdrawn_at).is_(None),
            Release.first_seen_at >= since,
            Release.first_seen_at > eldest.c.at,
        )
        .order_by(col(Release.first_seen_at).desc())
    )
    return [(repo.id, f"{owner.name}/{repo.name}", each.tag, each.first_seen_at) for each, repo, owner in rows]


def assets_of(session: Session, release_ids: Iterable[int]) -> Sequence[Asset]:
    """All assets, also vanished ones, of these releases."""
    return session.exec(
        select(Asset).where(col(Asset.release_id).in_(list(release_ids))).order_by(col(Asset.gitea_id))
    ).all()


def release_facts(session: Session, repo_id: int) -> tuple[ReleaseFacts, ...]:
    """The repo's releases as the rules see them."""
    releases = releases_of(session, repo_id)
    files: dict[int, list[Asset]] = {release.id: [] for release in releases}
    for asset in assets_of(session, files):
        files[asset.release_id].append(asset)
    return tuple(
        ReleaseFacts(
            id=release.id,
            tag=release.tag,
            first_seen_at=release.first_seen_at,
            prerelease=release.prerelease,
            title=release.title,
            notes=release.notes,
            withdrawn_at=release.withdrawn_at,
            assets=tuple(_asset_facts(asset) for asset in _counting(release, files[release.id])),
        )
        for release in releases
    )


def _counting(release: Release, assets: Sequence[Asset]) -> Sequence[Asset]:
    """The files that are there. A withdrawn release that lost them all keeps the last, to say what became of it."""
    there = [asset for asset in assets if asset.gone_at is None]
    if there or release.withdrawn_at is None:
        return there
    vanished = [asset.gone_at for asset in assets if asset.gone_at is not None]
    return [asset for asset in assets if vanished and asset.gone_at == max(vanished)]


def _asset_facts(asset: Asset) -> AssetFacts:
    return AssetFacts(
        uuid=asset.uuid,
        name=asset.name,
        size=asset.size,
        fetched=asset.fetched_at is not None,
        sha256=asset.sha256 or "",
        sha384=asset.sha384 or "",
        sha512=asset.sha512 or "",
        problem=asset.problem or "",
        extensions=tuple(Extension.from_dict(data) for data in asset.extensions),
    )


def served_stamps(session: Session) -> dict[int, tuple[int, int]]:
    """The revisions of each served repo and of its owner, by the repo's id: they change when what it offers may."""
    query = select(Repo.id, Repo.revision, Owner.revision).join(Owner, col(Owner.id) == Repo.owner_id)
    return {row[0]: (row[1], row[2]) for row in session.exec(query.where(col(Repo.served)))}


def raise_repo_revision(session: Session, repo_id: int) -> None:
    """Tell every process that what it holds of this repo is old."""
    session.exec(update(Repo).where(col(Repo.id) == repo_id).values(revision=Repo.revision + 1))


def raise_owner_revision(session: Session, owner_id: int) -> None:
    """Tell every process that what it holds of this owner's repos is old."""
    session.exec(update(Owner).where(col(Owner.id) == owner_id).values(revision=Owner.revision + 1))


@dataclass(frozen=True, slots=True)
class Due:
    """A repo that the clock, not a hook, wants re-read."""

    repo_id: int
    full_name: str
    due_at: datetime | None = None


def due_for_reconcile(session: Session, now: datetime, longest: timedelta, limit: int) -> Sequence[Due]:
    """Served repos whose releases were not read for long. ``longest``: no wait is longer."""
    moment = col(Repo.next_refresh_at)
    return _due(session, col(Repo.served) & has_come(moment, now, longest), [moment], moment, limit)


def due_for_settings(session: Session, now: datetime, longest: timedelta, limit: int) -> Sequence[Due]:
    """Repos whose variables were not read for long: served ones first, so that a crowd of others can't delay them."""
    moment = col(Repo.next_settings_at)
    return _due(session, has_come(moment, now, longest), (col(Repo.served).desc(), moment), moment, limit)


def take_due(
    session: Session, due: Due, column: Literal["next_refresh_at", "next_settings_at"], until: datetime
) -> bool:
    """Whether this worker may do what is due: of several that found it due, the update lets one."""
    moment = getattr(Repo, column)
    mine = update(Repo).where(col(Repo.id) == due.repo_id, moment == due.due_at)
    return session.exec(mine.values({column: until})).rowcount == 1


def _due(
    session: Session, condition: ColumnElement[bool], order: Iterable[Any], moment: Any, limit: int
) -> Sequence[Due]:
    rows = session.exec(
        select(Repo.id, Owner.name, Repo.name, moment)
        .join(Owner, col(Owner.id) == Repo.owner_id)
        .where(condition)
        .order_by(*order)
        .limit(limit)
    )
    return [Due(repo_id, f"{owner}/{name}", due_at) for repo_id, owner, name, due_at in rows]
