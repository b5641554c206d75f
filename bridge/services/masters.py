"""The owner's own package and key: they appear by themselves, and there is always exactly one key in force."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bridge.models import LicenseKey, Package
from bridge.rules.codes import new_code, new_feed_token
from bridge.storage import audits, catalog, licenses
from bridge.storage.audits import Actor

MASTER_NAME = "Master"

Entropy = Callable[[int], bytes]


def ensure(session: Any, owner_id: int, prefix: str, entropy: Entropy, now: datetime, actor: Actor) -> Package:
    """The owner's master package with a key in force, created where they are missing.

    Several processes may try at once: the unique indexes let one of them succeed, the others find its rows.
    """
    package = licenses.master_package(session, owner_id)
    if package is None:
        package = Package(
            owner_id=owner_id,
            name=MASTER_NAME,
            name_key=MASTER_NAME.casefold(),
            is_master=True,
            term_kind="lifetime",
            grace_days=0,
            created_at=now,
        )
        if licenses.insert_unless_exists(session, package):
            after = {"name": MASTER_NAME, "master": True}
            audits.record(
                session, actor, "package.create", now, subject=f"package:{package.id}", owner_id=owner_id, after=after
            )
            catalog.raise_owner_revision(session, owner_id)
        else:
            package = licenses.master_package(session, owner_id)
            assert package is not None, "the index refused a second master package, so there is a first"
    if licenses.live_master_key(session, package.id or 0) is None:
        add_key(session, package, prefix, entropy, now, actor)
    return package


def add_key(
    session: Any, package: Package, prefix: str, entropy: Entropy, now: datetime, actor: Actor
) -> LicenseKey | None:
    """A new master key; ``None`` where somebody else put one in force first."""
    key = LicenseKey(
        owner_id=package.owner_id,
        package_id=package.id or 0,
        is_master=True,
        feed_token=new_feed_token(entropy(20)),
        starts_at=now,
        created_at=now,
    )
    if not licenses.insert_unless_exists(session, key):
        return None
    licenses.add_code(session, key, new_code(prefix, entropy(16)), now)
    audits.record(
        session, actor, "key.issue", now, subject=f"key:{key.id}", owner_id=package.owner_id, after={"master": True}
    )
    return key
