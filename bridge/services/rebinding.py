"""A repo that was made anew, or whose Gitea moved, has another id: what is remembered of the old one goes over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import NotFoundError, RefusedError
from bridge.models import Owner, Repo
from bridge.rules.packages import name_key
from bridge.storage import audits, catalog, customer_transfers, licenses, payment_accounts, rebinds
from bridge.storage.audits import Actor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes where. ``merge``: although the new repo has packages of its own; ``with_owner``: the owner as well."""

    old_id: int
    new_id: int
    merge: bool = False
    with_owner: bool = False


@dataclass(frozen=True, slots=True)
class Rebound:
    """What went over: the repo's own packages, and the number of their keys. ``stayed``: with the former owner.

    ``unsold``: what of the former owner's payment accounts was mapped to them, and sells nothing any more.
    """

    packages: tuple[str, ...]
    keys: int
    stayed: tuple[str, ...]
    unsold: tuple[str, ...] = ()


def old_repo(session: Any, old_id: int) -> Repo:
    """The row of the old id. Raises ``NotFoundError``."""
    repo: Repo | None = session.get(Repo, old_id)
    if repo is None:
        raise NotFoundError(f"the bridge knows no repo with the id {old_id}; `bridge repo list --all --json` shows ids")
    return repo


def rebind(session: Any, wanted: Wanted, actor: Actor, now: datetime) -> Rebound:
    """Put everything of the old repo under the new one's id, in the transaction of the caller.

    Raises ``RefusedError`` where that would mix what belongs to two, unless ``wanted`` says so; then nothing changed.
    """
    if wanted.old_id == wanted.new_id:
        raise RefusedError("that is the same repo; a rename or a transfer is followed by itself")
    old, new = old_repo(session, wanted.old_id), old_repo(session, wanted.new_id)
    rebinds.hold(session, [old.id, new.id])
    names = _packages_to_move(session, wanted)
    before = {"repo_id": old.id, "owner_id": old.owner_id, "repo": _path(session, old)}
    old_owner_id, new_owner_id = old.owner_id, new.owner_id
    if wanted.with_owner and old_owner_id != new_owner_id:
        _take_owner_along(session, old_owner_id, new_owner_id)
    same_owner = wanted.with_owner or old_owner_id == new_owner_id
    keys = rebinds.count_keys(session, old.id)
    rebinds.move_repo(session, old.id, new.id, now, same_owner=same_owner)
    stayed: tuple[str, ...] = ()
    unsold: tuple[str, ...] = ()
    if not same_owner:
        customer_transfers.hand_over(session, new.id, new_owner_id, now)
        licenses.hand_over_repo_packages(session, new.id, new_owner_id)
        catalog.raise_owner_revision(session, old_owner_id)
        catalog.raise_owner_revision(session, new_owner_id)
        stayed = tuple(each.name for each in licenses.packages_of(session, old_owner_id) if each.repo_id is None)
        unsold = _unsold(session, old_owner_id, names)
    audits.record(
        session,
        actor,
        "repo.rebind",
        now,
        subject=f"repo:{new.id}",
        owner_id=new_owner_id,
        repo_id=new.id,
        before=before,
        after={
            "repo_id": new.id,
            "owner_id": new_owner_id,
            "packages": list(names),
            "keys": keys,
            "stayed": list(stayed),
            "unsold": list(unsold),
        },
    )
    return Rebound(names, keys, stayed, unsold)


def _unsold(session: Any, owner_id: int, moved: tuple[str, ...]) -> tuple[str, ...]:
    accounts = [each for each in payment_accounts.all_of(session, owner_id) if each.status != "disabled"]
    found = [each for account in accounts for each in payment_accounts.maps_to_others(session, account)]
    return tuple(row.match_value for row, package in found if package in moved)


def _packages_to_move(session: Any, wanted: Wanted) -> tuple[str, ...]:
    moving = rebinds.names_of_packages(session, wanted.old_id)
    there = rebinds.names_of_packages(session, wanted.new_id)
    if there and not wanted.merge:
        raise RefusedError(
            f"the new repo has packages of its own ({', '.join(there)}); say --merge to have both sets there"
        )
    taken = {name_key(each) for each in there}
    twice = [each for each in moving if name_key(each) in taken]
    if twice:
        raise RefusedError(f"both repos have a package named {', '.join(twice)}; rename one of each pair first")
    return tuple(moving)


def _take_owner_along(session: Any, old_owner_id: int, new_owner_id: int) -> None:
    if not rebinds.is_fresh(session, new_owner_id):
        raise RefusedError(
            "the new owner has packages, keys, customers, purchases or tokens already, which --with-owner would mix"
            " with the former owner's; without it, only what belongs to the repo itself goes over"
        )
    rebinds.move_owner(session, old_owner_id, new_owner_id)
    session.expire_all()


def _path(session: Any, repo: Repo) -> str:
    return f"{session.get_one(Owner, repo.owner_id).name}/{repo.name}"
