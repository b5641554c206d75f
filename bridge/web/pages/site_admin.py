"""The site admin's pages: owners, how the installation is, what waits, what was deleted."""

from typing import Any

from flask import Response

from bridge.rules.permissions import Action
from bridge.services import figures
from bridge.services.doctor import running
from bridge.services.doctor.patient import Wishes
from bridge.services.doctor.registry import CHECKS, GROUPS
from bridge.services.hooks import LAST_REFUSED
from bridge.storage import installation, refreshes, stored_assets, usage
from bridge.web.pages.visits import Page, Visit

_SHOWN = 100
# What looks at this machine and this database alone, and is done within a moment. The others ask Gitea, or the bridge
# itself through the proxy: a web worker that waits for itself would wait for ever.
HERE = (
    *("database.schema", "database.program", "disk.free", "worker.alive", "worker.queue"),
    *("repo.settings", "repo.held", "repo.descriptor", "repo.audience", "hooks.last"),
)


def home(visit: Visit) -> Response:
    """Every owner, and how it all is in a few figures."""
    with visit.reading() as session:
        owners = installation.owners(session)
        served = visit.doors.settings.bridge.owners
        facts = _health(visit, session)
    known = {each.owner.name.lower() for each in owners}
    return visit.show(
        "site_home.html", owners=owners, facts=facts, unseen=[n for n in served if n.lower() not in known]
    )


def queue(visit: Visit) -> Response:
    """What the worker has before it."""
    with visit.reading() as session:
        facts = _health(visit, session)
        rows = installation.waiting(session, _SHOWN)
    return visit.show("site_queue.html", facts=facts, rows=rows, most=_SHOWN)


def doctor(visit: Visit) -> Response:
    """What the doctor finds without leaving this machine."""
    patient = visit.doors.patient(Wishes())
    try:
        findings = running.examine([each for each in CHECKS if each.name in HERE], patient)
    finally:
        patient.close()
    by_group = {
        title: [each for each in findings if each.check.partition(".")[0] == group] for group, title in GROUPS.items()
    }
    return visit.show(
        "site_doctor.html",
        groups={title: found for title, found in by_group.items() if found},
        counts=running.counted(findings),
        left_out=len(CHECKS) - len(HERE),
    )


def deletions(visit: Visit) -> Response:
    """What is gone for good, what is gone from Gitea, and where to delete."""
    with visit.reading() as session:
        rows = installation.deletions(session, _SHOWN)
        gone = installation.gone(session, _SHOWN)
        owners = [each.owner.name for each in installation.owners(session)]
    return visit.show("site_deletions.html", rows=rows, gone=gone, owners=owners, most=_SHOWN)


def _health(visit: Visit, session: Any) -> dict[str, Any]:
    lag, oldest = figures.worker_lag_seconds(session, visit.now), refreshes.oldest_due(session)
    return {
        "lag": lag,
        "late": lag is None or lag >= figures.WORKER_LATE_SECONDS,
        "depth": refreshes.depth(session),
        "failing": refreshes.count_failing(session),
        "behind": max(0.0, (visit.now - oldest).total_seconds()) if oldest else 0.0,
        "delivered": refreshes.last_delivery(session),
        "refused": usage.last_beat(session, LAST_REFUSED),
        "backup": usage.last_beat(session, figures.BACKUP),
        "bytes": stored_assets.all_stored_bytes(session),
    }


# Only site admins delete; whoever may is one.
PAGES = tuple(
    Page(f"site_{name}", path, Action.KEYS_DELETE, view, level="site")
    for name, path, view in (
        ("home", "", home),
        ("queue", "queue", queue),
        ("doctor", "doctor", doctor),
        ("deletions", "deletions", deletions),
    )
)
