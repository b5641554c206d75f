"""The durable queue of repos to re-read, and the memory of hook deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bridge.models import HookDelivery, Refresh
from bridge.storage.engine import upsert
from bridge.storage.moments import has_come


def remember_delivery(
    session: Session, *, source: str, delivery_id: str, event: str, repo_id: int | None, now: datetime
) -> bool:
    """Note a delivery; ``False`` when it was here before. The primary key decides, not a look-up."""
    try:
        with session.begin_nested():
            session.add(
                HookDelivery(source=source, delivery_id=delivery_id, event=event, repo_id=repo_id, received_at=now)
            )
    except IntegrityError:
        return False
    return True


def heard_of(session: Session, repo_id: int, since: datetime, until: datetime | None = None) -> bool:
    """Whether Gitea has sent something about that repo from a moment on, or between two."""
    wanted = [HookDelivery.repo_id == repo_id, HookDelivery.received_at >= since, HookDelivery.source == "gitea"]
    if until is not None:
        wanted.append(HookDelivery.received_at <= until)
    return session.exec(select(HookDelivery.delivery_id).where(*wanted).limit(1)).first() is not None


def enqueue(session: Session, repo_id: int, full_name: str, reason: str, now: datetime) -> None:
    """Want the repo read now. Whoever is reading it at this moment will see by ``stamp`` that it is wanted again."""
    insert = upsert(session)
    row = insert(Refresh).values(
        repo_id=repo_id,
        full_name=full_name,
        reason=reason,
        due_at=now,
        step=0,
        stamp=1,
        digest="",
        attempts=0,
        last_error="",
    )
    session.exec(
        row.on_conflict_do_update(
            index_elements=["repo_id"],
            set_={
                "full_name": row.excluded.full_name,
                "reason": row.excluded.reason,
                "due_at": row.excluded.due_at,
                "step": 0,
                "digest": "",  # only reads after this moment may agree with each other
                "attempts": 0,
                "stamp": Refresh.stamp + 1,
            },
        )
    )


def enqueue_quietly(session: Session, repo_id: int, full_name: str, reason: str, now: datetime) -> None:
    """Want the repo read once, unless somebody wants it already."""
    insert = upsert(session)
    row = insert(Refresh).values(
        repo_id=repo_id,
        full_name=full_name,
        reason=reason,
        due_at=now,
        step=-1,
        stamp=1,
        digest="",
        attempts=0,
        last_error="",
    )
    session.exec(row.on_conflict_do_nothing(index_elements=["repo_id"]))


@dataclass(frozen=True, slots=True)
class Claim:
    """A refresh that this worker has taken. ``step`` -1 is a single look, 0… the steps after a hook.

    ``due_at`` is when it was meant to be.
    """

    repo_id: int
    full_name: str
    reason: str
    step: int
    stamp: int
    digest: str
    attempts: int
    due_at: datetime


def claim(session: Session, now: datetime, *, for_seconds: float, longest_wait: timedelta) -> Claim | None:
    """Take the refresh that is due longest, those after a hook before single looks (a first sweep queues thousands).

    The update names the row's state, so only one worker gets it. ``longest_wait``: of what is put off.
    """
    lapsed = has_come(Refresh.claimed_until, now, timedelta(seconds=for_seconds))
    free = or_(col(Refresh.claimed_until).is_(None), lapsed)
    due = has_come(Refresh.due_at, now, longest_wait)
    row = session.exec(
        select(Refresh).where(due, free).order_by((col(Refresh.step) < 0).asc(), col(Refresh.due_at)).limit(1)
    ).first()
    if row is None:
        return None
    taken = session.exec(
        update(Refresh)
        .where(col(Refresh.repo_id) == row.repo_id, col(Refresh.stamp) == row.stamp, free)
        .values(claimed_until=now + timedelta(seconds=for_seconds))
    )
    if taken.rowcount != 1:
        return None
    return Claim(row.repo_id, row.full_name, row.reason, row.step, row.stamp, row.digest, row.attempts, row.due_at)


def renew(session: Session, claim: Claim, until: datetime) -> None:
    """Keep a claim: the work goes on."""
    session.exec(update(Refresh).where(col(Refresh.repo_id) == claim.repo_id).values(claimed_until=until))


def finish(session: Session, claim: Claim) -> None:
    """Done, unless a hook came meanwhile: then the row is only released and keeps its new due time."""
    session.exec(delete(Refresh).where(col(Refresh.repo_id) == claim.repo_id, col(Refresh.stamp) == claim.stamp))
    _release(session, claim)


def again(
    session: Session, claim: Claim, due_at: datetime, *, step: int, digest: str, attempts: int = 0, error: str = ""
) -> None:
    """Look again later, unless a hook came meanwhile."""
    session.exec(
        update(Refresh)
        .where(col(Refresh.repo_id) == claim.repo_id, col(Refresh.stamp) == claim.stamp)
        .values(due_at=due_at, step=step, digest=digest, attempts=attempts, last_error=error[:500])
    )
    _release(session, claim)


def _release(session: Session, claim: Claim) -> None:
    session.exec(update(Refresh).where(col(Refresh.repo_id) == claim.repo_id).values(claimed_until=None))


def depth(session: Session) -> int:
    """How many repos are waiting."""
    return int(session.exec(select(func.count()).select_from(Refresh)).one())


def oldest_due(session: Session) -> datetime | None:
    """Since when the first in the queue is due."""
    return session.exec(select(func.min(Refresh.due_at))).one()


def last_delivery(session: Session) -> datetime | None:
    """When the last delivery of a hook of Gitea arrived."""
    return session.exec(select(func.max(HookDelivery.received_at)).where(HookDelivery.source == "gitea")).one()


def failing(session: Session, attempts: int, limit: int) -> Sequence[tuple[str, str]]:
    """Repos that could not be read so many times in a row, with the last reason."""
    rows = session.exec(select(Refresh).where(Refresh.attempts >= attempts).order_by(Refresh.full_name).limit(limit))
    return [(row.full_name or f"repo {row.repo_id}", row.last_error) for row in rows]


def count_failing(session: Session) -> int:
    """How many repos could not be read when it was last tried."""
    return int(session.exec(select(func.count()).select_from(Refresh).where(Refresh.attempts > 0)).one())


def deliveries_since(session: Session, since: datetime) -> list[tuple[str, int]]:
    """How many deliveries were taken in, by event."""
    query = select(HookDelivery.event, func.count()).where(HookDelivery.received_at >= since)
    return [
        (row[0], int(row[1])) for row in session.exec(query.group_by(HookDelivery.event).order_by(HookDelivery.event))
    ]


def forget_deliveries(session: Session, before: datetime) -> None:
    """Drop old delivery ids; Gitea replays by hand for a week at most."""
    session.exec(delete(HookDelivery).where(col(HookDelivery.received_at) < before))
