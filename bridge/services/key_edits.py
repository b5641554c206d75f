"""What a person changes about a key in a customer's hands: package, customer, notes; one more term; removal.

The expiry, domains and suspension have their own functions in ``keys``. Every change is audited in its transaction.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.errors import RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules.terms import ExpiryEdit
from bridge.services import key_inputs, keys
from bridge.services.key_inputs import KeyInput
from bridge.storage import audits, customers, licenses, removals
from bridge.storage.audits import Actor

_FACTS = ("customer_name", "customer_email", "note", "labels", "max_sites")


def describe(session: Any, key: LicenseKey, changes: dict[str, Any], prefix: str, actor: Actor, now: datetime) -> None:
    """Change customer, note, labels or the sites' limit. Raises ``InvalidInputError``; then nothing is kept.

    ``changes`` holds some of the fields of ``KeyInput`` that are named here, as a person stated them.
    """
    _refuse_master(key)
    checked = key_inputs.checked(replace(KeyInput(), **changes), prefix)
    wanted = {name: getattr(checked, name) for name in _FACTS if name in changes}
    if "labels" in wanted:
        wanted["labels"] = list(wanted["labels"])
    before = {name: getattr(key, name) for name in wanted}
    if before == wanted:
        return
    for name, value in wanted.items():
        setattr(key, name, value)
    session.add(key)
    changed = [name for name in wanted if before[name] != wanted[name]]
    if {"customer_name", "customer_email"} & set(changed):
        customers.settle(session, key, now)
    _audit(session, actor, "key.edit", key, now, {n: before[n] for n in changed}, {n: wanted[n] for n in changed})


def move(session: Any, key: LicenseKey, package: Package, actor: Actor, now: datetime) -> None:
    """Make it a key of another package of the same owner. Its dates stay; a renewal counts by the new term."""
    _refuse_master(key)
    if package.is_master:
        raise RefusedError("no key is moved into the master package; its keys are made by the bridge")
    if not package.active:
        raise RefusedError(f"the package “{package.name}” is not active; activate it first")
    if key.package_id == package.id:
        return
    before, key.package_id = key.package_id, package.id or 0
    session.add(key)
    session.flush()
    _audit(session, actor, "key.package", key, now, {"package": before}, {"package": package.id})


def renew(session: Any, key: LicenseKey, package: Package, actor: Actor, now: datetime) -> None:
    """Add one more term of the package, from the expiry or, where that is past its grace, from now."""
    licenses.hold(session, key)
    if key.revoked_at is not None:
        raise RefusedError("the key is revoked; issue a new one")
    keys.set_expiry(session, key, ExpiryEdit("extend", keys.extended(key, package, now)), actor, now)


def remove(session: Any, key: LicenseKey, actor: Actor, now: datetime) -> None:
    """Delete a key for good, with its codes, domains and sites. A master key in force is never deleted."""
    licenses.hold(session, key)
    if key.is_master and key.revoked_at is None:
        raise RefusedError("a master key in force can't be deleted; revoke it, which puts a new one in its place")
    before = {"package": key.package_id, "revoked": key.revoked_at is not None}
    _audit(session, actor, "key.delete", key, now, before, None)
    customers.leave(session, key, now)
    removals.remove_key(session, key)


def _refuse_master(key: LicenseKey) -> None:
    if key.is_master:
        raise RefusedError("a master key is the owner's own, unlimited one and can't be edited; issue another key")


def _audit(
    session: Any,
    actor: Actor,
    action: str,
    key: LicenseKey,
    now: datetime,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    package = licenses.package_by_id(session, key.package_id)
    audits.record(
        session,
        actor,
        action,
        now,
        subject=f"key:{key.id}",
        owner_id=key.owner_id,
        repo_id=package.repo_id if package else None,
        before=before,
        after=after,
    )
