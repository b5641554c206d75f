"""Packages: created, changed and shown. Whether somebody may is asked before these are called."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from urllib.parse import urlsplit

from bridge.errors import InvalidInputError, RefusedError
from bridge.models import Package, Repo
from bridge.rules.packages import (
    MOST_DAYS,
    MOST_SITES,
    AfterExpiry,
    LocalSites,
    UnstatedDomain,
    name_key,
    plain_name,
)
from bridge.rules.terms import InvalidTerm, Term, custom_end, custom_start
from bridge.rules.variables import OwnerSettings
from bridge.storage import audits, catalog, licenses
from bridge.storage.audits import Actor

MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class PackageInput:
    """What a person states about a package. ``None`` for streams or editions: all; ``repo_ids`` empty: all repos."""

    name: str
    term: Term
    repo_id: int | None = None
    repo_ids: tuple[int, ...] = ()
    streams: tuple[str, ...] | None = None
    editions: tuple[str, ...] | None = None
    max_sites: int = 0
    grace_days: int = 3
    after_expiry: str = "nothing"
    local_sites: str = "free"
    unstated_domain: str = "accept"
    renewal_url: str = ""
    active: bool = True


def create(
    session: Any, owner_id: int, wanted: PackageInput, settings: OwnerSettings, actor: Actor, now: datetime
) -> Package:
    """Store a new package. Raises ``InvalidInputError``, ``ConflictError`` for a name that is taken."""
    _check(session, owner_id, wanted, settings)
    package = Package(owner_id=owner_id, created_at=now, name="", name_key="")
    _fill(package, wanted)
    licenses.save_package(session, package, wanted.repo_ids)
    catalog.raise_owner_revision(session, owner_id)
    _audit(session, actor, "package.create", package, None, now)
    return package


def change(
    session: Any, package: Package, wanted: PackageInput, settings: OwnerSettings, actor: Actor, now: datetime
) -> Package:
    """Change a package for all who hold its keys. The master package is never edited."""
    if package.is_master:
        raise RefusedError(
            "the master package is the owner's own, unlimited one and can't be edited; create another package"
        )
    _check(session, package.owner_id, wanted, settings)
    before = _state(session, package)
    _fill(package, wanted)
    licenses.save_package(session, package, wanted.repo_ids)
    catalog.raise_owner_revision(session, package.owner_id)
    _audit(session, actor, "package.edit", package, before, now)
    return package


def as_input(session: Any, package: Package) -> PackageInput:
    """What the package states now, ready to be changed in part."""
    listed = licenses.repos_of_packages(session, [package.id or 0]).get(package.id or 0, set())
    return PackageInput(
        name=package.name,
        term=licenses.package_value(package).term,
        repo_id=package.repo_id,
        repo_ids=tuple(sorted(listed)),
        streams=None if package.streams is None else tuple(package.streams),
        editions=None if package.editions is None else tuple(package.editions),
        max_sites=package.max_sites,
        grace_days=package.grace_days,
        after_expiry=package.after_expiry,
        local_sites=package.local_sites,
        unstated_domain=package.unstated_domain,
        renewal_url=package.renewal_url,
        active=package.active,
    )


def summary(package: Package) -> dict[str, Any]:
    """The package as plain JSON, for lists and the audit trail."""
    return {
        "id": package.id,
        "name": package.name,
        "repo_id": package.repo_id,
        "master": package.is_master,
        "active": package.active,
        "term": package.term_kind if package.term_days is None else f"days {package.term_days}",
        "from": audits.iso(package.term_from),
        "until": audits.iso(package.term_until),
        "grace_days": package.grace_days,
        "after_expiry": package.after_expiry,
        "streams": package.streams,
        "editions": package.editions,
        "max_sites": package.max_sites,
        "local_sites": package.local_sites,
        "unstated_domain": package.unstated_domain,
        "renewal_url": package.renewal_url,
    }


def _fill(package: Package, wanted: PackageInput) -> None:
    name = plain_name(wanted.name)
    package.name, package.name_key, package.repo_id = name, name_key(name), wanted.repo_id
    package.term_kind, package.term_days = wanted.term.kind, wanted.term.days
    package.term_from, package.term_until = custom_start(wanted.term), custom_end(wanted.term)
    package.streams = None if wanted.streams is None else list(wanted.streams)
    package.editions = None if wanted.editions is None else list(wanted.editions)
    package.max_sites, package.grace_days = wanted.max_sites, wanted.grace_days
    package.after_expiry, package.local_sites = wanted.after_expiry, wanted.local_sites
    package.unstated_domain, package.renewal_url = wanted.unstated_domain, wanted.renewal_url
    package.active = wanted.active


def _check(session: Any, owner_id: int, wanted: PackageInput, settings: OwnerSettings) -> None:
    """Raise ``InvalidInputError`` for the first thing that can't be."""
    name = plain_name(wanted.name)
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise InvalidInputError("name", f"a package needs a name of 1 to {MOST_NAME} printable characters")
    _check_streams(wanted.streams, settings)
    if wanted.editions is not None and not wanted.editions:
        raise InvalidInputError("editions", "a package without editions opens nothing; leave them out for all")
    if wanted.renewal_url and not _is_web_address(wanted.renewal_url):
        raise InvalidInputError("renewal_url", "a renewal link begins with https://")
    _check_repos(session, owner_id, wanted)
    for field, most in (("max_sites", MOST_SITES), ("grace_days", MOST_DAYS)):
        if not 0 <= getattr(wanted, field) <= most:
            raise InvalidInputError(field, f"{field} is a whole number from 0 to {most}")
    if wanted.term.days is not None and wanted.term.days > MOST_DAYS:
        raise InvalidInputError("term", f"a term has {MOST_DAYS} days at most; choose lifetime for keys that never end")
    for field, kind in (
        ("after_expiry", AfterExpiry),
        ("local_sites", LocalSites),
        ("unstated_domain", UnstatedDomain),
    ):
        if getattr(wanted, field) not in get_args(kind):
            raise InvalidInputError(field, f"{field} is one of {', '.join(get_args(kind))}")


def _check_repos(session: Any, owner_id: int, wanted: PackageInput) -> None:
    if wanted.repo_id is not None and wanted.repo_ids:
        raise InvalidInputError("repos", "a package of one repo can't list others; make it a package of the owner")
    for repo_id in (wanted.repo_id, *wanted.repo_ids):
        repo = session.get(Repo, repo_id) if repo_id is not None else None
        if repo_id is not None and (repo is None or repo.owner_id != owner_id):
            raise InvalidInputError(
                "repos", f"the owner has no repo with the id {repo_id}; a package opens its own only"
            )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    printable = text.isascii() and text.isprintable() and not any(sign in text for sign in " <>\"'\\")
    return printable and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _check_streams(streams: Iterable[str] | None, settings: OwnerSettings) -> None:
    known = [stream.name for stream in settings.streams]
    for stream in streams or ():
        if stream not in known:
            raise InvalidInputError(
                "streams",
                f"there is no stream “{stream}”; the owner has {', '.join(known)} (variable LICENSING_STREAMS)",
            )
    if streams is not None and not tuple(streams):
        raise InvalidInputError("streams", "a package without streams opens nothing; name some or leave it out for all")


def term_from_text(text: str, starts: Any = None, until: Any = None) -> Term:
    """Read ``annual``, ``monthly``, ``lifetime``, ``custom`` or ``30 days``. Raises ``InvalidInputError``."""
    words = text.split()
    try:
        if len(words) == 2 and words[1] in {"day", "days"} and words[0].isascii() and words[0].isdigit():  # noqa: PLR2004
            return Term("days", int(words[0]))
        return Term(text.strip(), None, starts, until)  # type: ignore[arg-type]
    except InvalidTerm as error:
        raise InvalidInputError("term", str(error)) from None


def _audit(
    session: Any, actor: Actor, action: str, package: Package, before: dict[str, Any] | None, now: datetime
) -> None:
    audits.record(
        session,
        actor,
        action,
        now,
        subject=f"package:{package.id}",
        owner_id=package.owner_id,
        repo_id=package.repo_id,
        before=before,
        after=_state(session, package),
    )


def _state(session: Any, package: Package) -> dict[str, Any]:
    listed = licenses.repos_of_packages(session, [package.id or 0]).get(package.id or 0, set())
    return summary(package) | {"repo_ids": sorted(listed)}
