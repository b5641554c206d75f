"""Sessions of people as rows."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from bridge.models import PersonSession


def by_digest(session: Session, digest: str) -> PersonSession | None:
    """The session of a cookie's digest."""
    return session.get(PersonSession, digest)


def hold(session: Session, digest: str) -> PersonSession | None:
    """The same, which no other transaction changes before this one ends."""
    return session.get(PersonSession, digest, with_for_update=True, populate_existing=True)


def note_use(session: Session, digest: str, minute: datetime) -> None:
    """Note the minute of the last use; it never goes back."""
    earlier: Any = [col(PersonSession.digest) == digest, col(PersonSession.last_seen_at) < minute]
    session.exec(update(PersonSession).where(*earlier).values(last_seen_at=minute))


def end(session: Session, digest: str, now: datetime) -> None:
    """End one session; a form that it kept goes with it."""
    live: Any = [col(PersonSession.digest) == digest, col(PersonSession.ended_at).is_(None)]
    session.exec(update(PersonSession).where(*live).values(ended_at=now, draft=None))


def end_all_of(session: Session, person_id: int, now: datetime) -> None:
    """End all sessions of a person."""
    live: Any = [col(PersonSession.person_id) == person_id, col(PersonSession.ended_at).is_(None)]
    session.exec(update(PersonSession).where(*live).values(ended_at=now, draft=None))


def forget(session: Session, before: datetime) -> None:
    """Forget sessions that nobody has used since."""
    session.exec(delete(PersonSession).where(col(PersonSession.last_seen_at) < before))


def logins_of(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    """The login that each of these people had when they were here last, as far as that is remembered."""
    query = select(PersonSession.person_id, PersonSession.login).where(col(PersonSession.person_id).in_(person_ids))
    return dict(session.exec(query.order_by(col(PersonSession.last_seen_at))).all()) if person_ids else {}
