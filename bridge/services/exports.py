"""Keys written as a table, for spreadsheets and for the import: whatever is taken in again changes nothing.

Feed tokens and master keys are never in it.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.models import LicenseKey, Package
from bridge.rules.imports.cells import guarded, written
from bridge.rules.imports.forms import OURS
from bridge.rules.imports.rows import is_subscription
from bridge.services import keys
from bridge.storage import audits, catalog, key_exports, licenses
from bridge.storage.audits import Actor
from bridge.storage.key_exports import Taken
from bridge.storage.key_filters import Filter, Sight

PIECE = 500
OpenSession = Callable[[], AbstractContextManager[Any]]
_STATED = ("state", "package_id", "customer", "host", "text", "expires_before")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is taken along: of whom, by which filters, of which packages, and as of when."""

    sight: Sight
    wanted: Filter
    packages: Sequence[Package]
    now: datetime


def scope(
    session: Any, sight: Sight, wanted: Filter, now: datetime, allowed: Callable[[Package], bool] = lambda _: True
) -> Scope:
    """The keys that are seen from there, as far as ``allowed`` lets their packages pass."""
    seen = licenses.packages_of(session, sight.owner_id, sight.repo_id)
    chosen = [each for each in seen if allowed(each) and not each.is_master and wanted.package_id in {None, each.id}]
    return Scope(sight, wanted, chosen, now)


def note(session: Any, asked: Scope, actor: Actor) -> None:
    """Leave in the audit trail that keys were taken along. What they were looked for by is told in names of filters."""
    filters = [name for name in _STATED if getattr(asked.wanted, name)]
    sight = asked.sight
    audits.record(
        session,
        actor,
        "keys.export",
        asked.now,
        owner_id=sight.owner_id,
        repo_id=sight.repo_id,
        after={"packages": [each.id for each in asked.packages], "filters": filters},
    )


def lines(open_session: OpenSession, asked: Scope, told: Callable[[int], None] = lambda _: None) -> Iterator[str]:
    """The table, line by line, its header first. ``told`` hears how many keys were written.

    Each piece has a session of its own, so that a slow reader holds up nobody.
    """
    with open_session() as session:
        repos = {repo.id: repo.name for repo, _ in catalog.repos_of(session, asked.sight.owner_id)}
    yield _line(column.name for column in OURS.columns)
    count = 0
    for package in asked.packages:
        for piece in _pieces(open_session, asked, package):
            yield "".join(_line(_cells(each, repos, asked.now)) for each in piece)
            count += len(piece)
            told(count)


def _pieces(open_session: OpenSession, asked: Scope, package: Package) -> Iterator[list[Taken]]:
    last = 0
    while True:
        with open_session() as session:
            piece = key_exports.piece(session, asked.sight, asked.wanted, package, asked.now, after=last, limit=PIECE)
        if not piece:
            return
        last = piece[-1].key.id or 0
        yield piece


def _cells(taken: Taken, repos: dict[int, str], now: datetime) -> list[str]:
    key, package = taken.key, taken.package
    said = {
        "id": str(key.id),
        "code": taken.code,
        "package": package.name,
        "package_id": str(package.id),
        "repo": repos.get(package.repo_id or 0, ""),
        "state": keys.state_of(key, package, now),
        "customer_name": key.customer_name,
        "customer_email": key.customer_email,
        "domains": " ".join(taken.domains),
        "sites": " ".join(taken.sites),
        "max_sites": "" if key.max_sites is None else str(key.max_sites),
        "starts_at": written(key.starts_at),
        "expires_at": written(key.expires_at) or "never",
        **_edited(key),
        "suspended_at": written(key.suspended_at),
        "revoked_at": written(key.revoked_at),
        "revoke_reason": key.revoke_reason,
        "payment_ref": key.payment_ref,
        "subscription": ref if is_subscription(ref := taken.purchase[1]) else "",
        "note": key.note,
        "labels": "\n".join(key.labels),
        "test": "yes" if key.is_test else "",
        "created_at": written(key.created_at),
    }
    return [guarded(said.get(column.name, "")) for column in OURS.columns]


def _edited(key: LicenseKey) -> dict[str, str]:
    if key.edit_kind is None:
        return {}
    return {"expiry_edit": key.edit_kind, "expiry_edit_until": written(key.edit_until) or "never"}


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
