"""Keys of another system, or of an export of ours, taken in: all of a file or, where a row is bad, none of it.

First the file is planned (``import_plan``), then what the plan says is written in one transaction that is kept short.
Again with the same file makes nothing new: with its package, a key is known by its code, or without one by its payment
reference. The daily limit of issued keys does not hold here, the file's own limits do.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from bridge.errors import ConflictError
from bridge.models import Package
from bridge.rules.codes import new_code, new_feed_token
from bridge.services import purchases
from bridge.services.import_files import Table, open_table
from bridge.services.import_plan import BATCH, MOST_SHOWN, Asked, Plan, Verdict, make
from bridge.services.import_rows import Wanted
from bridge.services.keys import Issuer
from bridge.storage import audits, catalog, key_imports, licenses
from bridge.storage.key_imports import NewKey

__all__ = ["MOST_SHOWN", "Asked", "Plan", "Table", "Verdict", "apply", "open_table", "plan"]


def plan(session: Any, table: Table, asked: Asked) -> Plan:
    """What an import would do. Raises ``InvalidInputError``. The caller closes it."""
    return make(session, table, asked)


def apply(
    session: Any, planned: Plan, asked: Asked, by: Issuer, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Do what the plan says, leaving refused rows out. ``progress`` is told how many keys were made.

    Raises ``ConflictError`` where a package went or changed since.
    """
    catalog.hold_owner(session, asked.owner_id)  # no other import of its keys meanwhile
    packages = {each.id or 0: each for each in licenses.packages_of(session, asked.owner_id, asked.repo_id)}
    made = 0
    for batch in _batches(planned, packages):
        fresh = _still_new(session, [wanted for wanted, known_key in batch if known_key is None], asked)
        numbers = key_imports.add_keys(session, [_new_key(wanted, by) for wanted in fresh])
        for wanted, number in zip(fresh, numbers, strict=True):
            planned.done(wanted.line, wanted.package.id or 0, number)
            if wanted.subscription:
                _adopt(session, number, wanted, by)
        for wanted, known_key in batch:
            if known_key is not None:
                _adopt(session, known_key, wanted, by)
        made += len(fresh)
        progress(made)
        session.flush()
        session.expunge_all()
    gone = planned.counts["issue"] - made  # another import of the same was faster
    planned.counts["issue"] -= gone
    planned.counts["known"] += gone
    if made or planned.counts["adopt"]:
        _note(session, planned, asked, by)


def _batches(planned: Plan, packages: dict[int, Package]) -> Iterator[list[tuple[Wanted, int | None]]]:
    try:
        waiting = planned.waiting(packages)
        while batch := list(islice(waiting, BATCH)):
            if any(not wanted.package.active for wanted, _ in batch):
                raise ConflictError("a package was deactivated meanwhile; look at the file again")
            yield batch
    except KeyError:
        raise ConflictError("a package was removed meanwhile; look at the file again") from None


def _still_new(session: Any, batch: list[Wanted], asked: Asked) -> list[Wanted]:
    """What nobody made since the plan; nobody else imports for this owner now."""
    by_code = key_imports.known_by_code(session, asked.owner_id, [each.code for each in batch if each.code])
    refs = [each.ref for each in batch if not each.code]
    by_ref = key_imports.known_by_ref(session, {each.package.id or 0 for each in batch}, refs)
    return [
        each
        for each in batch
        if ((each.code, each.package.id) not in by_code if each.code else (each.ref, each.package.id) not in by_ref)
    ]


def _new_key(wanted: Wanted, by: Issuer) -> NewKey:
    package, key = wanted.package, wanted.key
    expires = audits.iso(key["edit_until"] if key["edit_kind"] == "fix" else key["expires_at"])
    after = {"package": package.id, "expires": expires, "domains": wanted.domains, "line": wanted.line}
    return NewKey(
        values=key | {"feed_token": new_feed_token(by.entropy(20))},
        code=wanted.code or new_code(by.prefix, by.entropy(16)),
        native=not wanted.code,
        domains=wanted.domains,
        sites=[site | {"first_seen_at": by.now, "last_seen_at": by.now} for site in wanted.sites],
        audit={
            "at": by.now,
            "actor": by.actor.name,
            "origin": by.actor.origin,
            "action": "key.import",
            "owner_id": package.owner_id,
            "repo_id": package.repo_id,
            "before": None,
            "after": after,
        },
    )


def _note(session: Any, planned: Plan, asked: Asked, by: Issuer) -> None:
    counts: dict[str, int] = {str(action): number for action, number in planned.counts.items()}
    after = {"table": planned.table.header.form.name, "rows": planned.rows, **counts}
    audits.record(session, by.actor, "keys.import", by.now, owner_id=asked.owner_id, repo_id=asked.repo_id, after=after)


def _adopt(session: Any, key_id: int, wanted: Wanted, by: Issuer) -> None:
    key = licenses.key_by_id(session, key_id)
    assert key is not None, "the key was made, or seen, in this transaction"
    purchases.adopt(session, key, *wanted.purchase, by)
