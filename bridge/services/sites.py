"""Sites come and go: a newcomer takes a slot or is refused, a manager frees one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bridge.errors import NotFoundError
from bridge.models import LicenseKey, Site
from bridge.rules import domains
from bridge.rules.sites import Admission, SiteFacts, admit, orphaned_by
from bridge.storage import audits, licenses
from bridge.storage import sites as rows
from bridge.storage.audits import Actor

# Every lost race means that somebody else got a slot, so a limit of n is settled after n losses; unlimited keys can
# lose more often, to many newcomers at once.
_MOST_LOSSES = 1000
# A key without a limit may have any number of sites. The oldest ones are enough to tell what is staging beside what.
_MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A host that a key has not been used on. ``limit`` 0: unlimited."""

    key_id: int
    host: str
    limit: int
    local_sites: Literal["free", "count"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whether the newcomer may stay. ``site_id`` is ``None`` for one that was let in without a row."""

    admitted: bool
    site_id: int | None = None


def arrive(session: Any, newcomer: Newcomer, now: datetime, *, per_day: int) -> Arrival:
    """Seat a newcomer. The unique slot gives the last seat to one of many; the losers look again and are refused."""
    rows.hold_key(session, newcomer.key_id)
    for _ in range(_MOST_LOSSES):
        present = rows.live_site(session, newcomer.key_id, newcomer.host)
        if present is not None:
            return Arrival(True, present.id)
        live, admission = _judge(session, newcomer)
        if admission.outcome == "refused":
            return Arrival(False)
        if rows.created_since(session, newcomer.key_id, now - timedelta(days=1)) >= per_day:
            return Arrival(True)  # decided, but not stored: a flood of made-up hosts must not fill the database
        with session.begin_nested() as attempt:  # all of it or, where another request was faster, nothing of it
            site = _seat(session, newcomer, admission, live, now)
            if site is None:
                attempt.rollback()
        if site is not None:
            return Arrival(True, site.id)
    return Arrival(False)


def look(session: Any, newcomer: Newcomer) -> Arrival:
    """Whether a newcomer would be let in now. Changes nothing."""
    return Arrival(_judge(session, newcomer)[1].outcome != "refused")


def _judge(session: Any, newcomer: Newcomer) -> tuple[Sequence[Site], Admission]:
    live = rows.live_sites(session, newcomer.key_id, limit=None if newcomer.limit else _MOST_LOOKED_AT)
    return live, admit(newcomer.host, _facts(live), newcomer.limit, newcomer.local_sites)


def _facts(live: Sequence[Site]) -> list[SiteFacts]:
    return [SiteFacts(site.host, counts=site.slot is not None) for site in live]


def _seat(session: Any, newcomer: Newcomer, admission: Admission, live: Any, now: datetime) -> Site | None:
    moved = [site for site in live if site.host in admission.reclassified]
    rows.give_back_slots(session, [site.id for site in moved if site.id], "staging")
    for site in moved:
        site.slot = None
    slot = rows.free_slot(session, newcomer.key_id, live, newcomer.limit) if admission.outcome == "counted" else None
    if admission.outcome == "counted" and slot is None:
        return None
    site = Site(
        key_id=newcomer.key_id,
        host=newcomer.host,
        kind=admission.kind,
        slot=slot,
        registrable=domains.registrable_domain(newcomer.host) or "",
        first_seen_at=now,
        last_seen_at=now,
    )
    return site if rows.insert_site(session, site) else None


def free(session: Any, key: LicenseKey, host: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """End a site's activation, and those of staging sites that were free only beside it. Returns all freed hosts."""
    rows.hold_key(session, key.id or 0)
    live = rows.live_sites(session, key.id or 0)
    site = next((each for each in live if each.host == host), None)
    if site is None:
        raise NotFoundError(f"the key has no active site {host}; `bridge site list` shows its sites")
    gone = {host, *orphaned_by(host, _facts(live))}
    counted: dict[str, object] = {} if site.slot is not None else {rows.TOOK_NO_PLACE: True}
    for each in live:
        if each.host in gone:
            rows.set_free(session, each, now)
    package = licenses.package_by_id(session, key.package_id)
    audits.record(
        session,
        actor,
        "site.free",
        now,
        subject=f"key:{key.id}",
        owner_id=key.owner_id,
        repo_id=package.repo_id if package else None,
        before={"sites": [each.host for each in live]},
        after={"sites": [each.host for each in live if each.host not in gone]} | counted,
    )
    return tuple(sorted(gone))
