"""What the audit trail tells of a purchase: what was stated, and nothing about the customer."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bridge.models import Purchase
from bridge.rules.payments.facts import Fact
from bridge.services.keys import Issuer
from bridge.storage import audits, purchases


def summary(fact: Fact) -> dict[str, Any]:
    """A fact in a few words."""
    found = {name: getattr(fact, name) for name in fact.__dataclass_fields__}
    plain = {name: audits.iso(value) if isinstance(value, datetime) else value for name, value in found.items()}
    return {name: value for name, value in plain.items() if isinstance(value, str | int) and value not in {"", False}}


def record(
    session: Any, purchase: Purchase, repo_id: int | None, action: str, after: dict[str, Any], by: Issuer
) -> None:
    """Write a row about the purchase. ``repo_id``: of the repo whose packages alone it is about, if there is one."""
    audits.record(
        session,
        by.actor,
        action,
        by.now,
        subject=f"purchase:{purchase.id}",
        owner_id=purchase.owner_id,
        repo_id=repo_id,
        after=after,
    )


def repo_of(session: Any, package_ids: Collection[int]) -> int | None:
    """The one repo that packages belong to; ``None`` where there are several, or the owner's own are among them."""
    repos = {package.repo_id for package in purchases.packages_by_id(session, package_ids).values()}
    return repos.pop() if len(repos) == 1 else None
