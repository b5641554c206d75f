"""The audit trail: written in the transaction of the change that it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from bridge.models import Audit
from bridge.models.machinery import ADDRESS


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where: ``Actor("cli:root", "build-host")``."""

    name: str
    origin: str = ""


WORKER = Actor("worker")


def record(
    session: Session,
    actor: Actor,
    action: str,
    now: datetime,
    *,
    subject: str = "",
    owner_id: int | None = None,
    repo_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write one row. Key codes never go in: name the key by its id."""
    session.add(
        Audit(
            at=now,
            actor=actor.name,
            origin=actor.origin,
            action=action,
            subject=subject,
            owner_id=owner_id,
            repo_id=repo_id,
            before=before,
            after=after,
        )
    )


def forget_addresses(session: Session, before: datetime) -> None:
    """Forget from which addresses things were done. Host names of command lines stay."""
    session.exec(update(Audit).where(col(Audit.at) < before, text(ADDRESS)).values(origin=""))


def iso(moment: datetime | None) -> str | None:
    """A moment as the trail's JSON holds it."""
    return moment.isoformat() if moment else None


def of_subject(session: Session, subject: str) -> Sequence[Audit]:
    """What happened to one thing, oldest first."""
    return session.exec(select(Audit).where(Audit.subject == subject).order_by(col(Audit.id))).all()
