"""The end of a package."""

from datetime import datetime
from typing import Any

from bridge.errors import RefusedError
from bridge.models import Package
from bridge.services import packages
from bridge.storage import audits, catalog, removals
from bridge.storage.audits import Actor


def remove(session: Any, package: Package, actor: Actor, now: datetime) -> None:
    """Delete a package that nobody holds a key of. The master package and one with keys are refused."""
    removals.hold_package(session, package)
    if package.is_master:
        raise RefusedError("the master package can't be deleted")
    count = removals.count_keys(session, package.id or 0)
    if count:
        raise RefusedError(f"the package has {count} keys; make it inactive instead, and its keys keep working")
    if removals.is_sold(session, package.id or 0):
        raise RefusedError("purchases name the package; make it inactive instead")
    audits.record(
        session,
        actor,
        "package.delete",
        now,
        subject=f"package:{package.id}",
        owner_id=package.owner_id,
        repo_id=package.repo_id,
        before=packages.summary(package),
    )
    removals.remove_package(session, package)
    catalog.raise_owner_revision(session, package.owner_id)
