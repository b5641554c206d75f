"""Writes a look into the catalog, in one short transaction, and says whether customers may notice."""

from datetime import datetime, timedelta
from typing import Any

from bridge.models import Asset, Owner, Release, Repo
from bridge.rules.variables import RepoSettings
from bridge.services import variables
from bridge.services.looks import Look, NameCheck
from bridge.storage import catalog, customer_transfers, licenses
from gitea_client.values import Asset as GiteaAsset
from gitea_client.values import Release as GiteaRelease

# A repo is taken for deleted when two looks this far apart found none: a hiccup of Gitea must not empty a feed.
ABSENT_AFTER = timedelta(seconds=45)


def set_fields(row: Any, **values: Any) -> bool:
    """Assign what differs; whether anything did."""
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def save_owner(session: Any, look: Look) -> Owner:
    """The owner's row, by id, with the name it has now."""
    account = look.repo.owner
    owner: Owner | None = session.get(Owner, account.id)
    if owner is None:
        owner = Owner(id=account.id, name=account.login, kind=look.owner_kind)
        if not licenses.insert_unless_exists(session, owner):  # another worker met the owner at the same moment
            owner = session.get_one(Owner, account.id)
    changed = set_fields(owner, name=account.login, kind=look.owner_kind)
    changed |= variables.settle_owner(owner, look.owner_values)
    if changed:
        owner.revision += 1
    session.flush()
    return owner


def save_repo(session: Any, look: Look, owner: Owner, *, owner_served: bool, now: datetime) -> tuple[Repo, bool]:
    """The repo's row and releases. Returns it with whether customers may notice a change."""
    repo: Repo | None = session.get(Repo, look.repo.id)
    if repo is None:
        repo = Repo(id=look.repo.id, owner_id=owner.id, name=look.repo.name)
        if not licenses.insert_unless_exists(session, repo):
            repo = session.get_one(Repo, look.repo.id)
    changed = _follow_transfer(session, repo, owner, now)
    changed |= set_fields(repo, name=look.repo.name, description=look.repo.description, private=look.repo.private)
    changed |= set_fields(repo, absent_since=None, open_assets=look.open_assets)
    changed |= variables.settle_repo(repo, owner, look.repo_values, owner_served=owner_served)
    served = owner_served and variables.is_product(RepoSettings.from_dict(repo.settings))
    changed |= set_fields(repo, served=served, once_served=repo.once_served or served)
    session.flush()
    catalog.point_name_at(session, owner.name, repo.name, repo)
    if served:
        changed |= save_releases(session, repo, look.releases, now)
    repo.refreshed_at = now
    if changed:
        repo.revision += 1
    return repo, changed


def _follow_transfer(session: Any, repo: Repo, owner: Owner, now: datetime) -> bool:
    """A repo that went to another owner takes its own packages and their keys along; owner-level ones stay."""
    if repo.owner_id == owner.id:
        return False
    before, repo.owner_id = repo.owner_id, owner.id
    session.flush()
    customer_transfers.hand_over(session, repo.id, owner.id, now)
    licenses.hand_over_repo_packages(session, repo.id, owner.id)
    catalog.raise_owner_revision(session, before)
    catalog.raise_owner_revision(session, owner.id)
    return True


def save_releases(session: Any, repo: Repo, releases: tuple[GiteaRelease, ...], now: datetime) -> bool:
    """Add, change and withdraw releases and their files."""
    known = {release.id: release for release in catalog.releases_of(session, repo.id)}
    changed = False
    for seen in releases:
        row = known.pop(seen.id, None)
        if row is None:
            row = Release(id=seen.id, repo_id=repo.id, tag=seen.tag, first_seen_at=now)
            session.add(row)
            changed = True
        changed |= set_fields(
            row, tag=seen.tag, title=seen.title, notes=seen.notes, prerelease=seen.prerelease, withdrawn_at=None
        )
    for gone in known.values():
        changed |= set_fields(gone, withdrawn_at=gone.withdrawn_at or now)
    session.flush()
    return save_assets(session, releases, now) or changed


def save_assets(session: Any, releases: tuple[GiteaRelease, ...], now: datetime) -> bool:
    """Add new files and mark vanished ones; bytes are fetched afterwards."""
    known = {asset.uuid: asset for asset in catalog.assets_of(session, [release.id for release in releases])}
    changed = False
    for release in releases:
        for seen in release.assets:
            changed |= _save_asset(session, known.pop(seen.uuid, None), release.id, seen)
    for gone in known.values():
        changed |= set_fields(gone, gone_at=gone.gone_at or now)
    session.flush()
    return changed


def _save_asset(session: Any, row: Asset | None, release_id: int, seen: GiteaAsset) -> bool:
    if row is None:
        session.add(Asset(uuid=seen.uuid, release_id=release_id, gitea_id=seen.id, name=seen.name, size=seen.size))
        return True
    return set_fields(row, name=seen.name, gone_at=None)


def note_absent(session: Any, repo_id: int, now: datetime) -> bool:
    """Gitea has no such id. Returns whether it must be looked at again before it counts as deleted."""
    repo = session.get(Repo, repo_id)
    if repo is None or (not repo.served and repo.absent_since is not None):
        return False
    if repo.absent_since is None:
        repo.absent_since = now
        return True
    if now - repo.absent_since < ABSENT_AFTER:
        return True
    repo.served = False
    repo.revision += 1
    return False


def note_name(session: Any, repo: Repo, check: NameCheck) -> None:
    """A former path that Gitea leads elsewhere stops working; one that leads here again starts again."""
    for row in catalog.names_of(session, repo.id):
        same = (row.owner_name, row.repo_name) == (check.owner_name, check.repo_name)
        if same and set_fields(row, dead=not check.resolves):
            repo.revision += 1
