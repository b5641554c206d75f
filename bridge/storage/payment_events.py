"""The inbox of payment events, as rows: taken in once, leased by one worker, finished by whoever holds the lease."""

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from bridge.models import PaymentEvent
from bridge.storage.engine import upsert
from bridge.storage.moments import has_come


def take_in(session: Session, row: PaymentEvent) -> int:
    """Keep a delivery; how often it has come by now. The constraint decides which of many at once is the first."""
    values: dict[str, Any] = {name: getattr(row, name) for name in PaymentEvent.model_fields if name != "id"}
    return int(session.connection().execute(_kept(upsert(session)), values).scalar_one())


@functools.cache
def _kept(insert: Callable[[Any], Any]) -> Any:
    """The statement, built once: building it would take longer than the database does."""
    table: Any = PaymentEvent.__table__  # type: ignore[attr-defined]
    kept = insert(table).on_conflict_do_update(
        index_elements=["account_id", "event_id", "event_type"],
        set_={"deliveries": table.c.deliveries + 1},
    )
    return kept.returning(table.c.deliveries)


def claim(session: Session, now: datetime, *, for_seconds: float, longest_wait: timedelta) -> PaymentEvent | None:
    """Lease the event that is due longest. The update names the row's attempt, so only one worker gets it.

    What was looked up comes after what was delivered: a first look through an account brings thousands. A worker that
    dies leaves the row due again at the end of the lease. ``longest_wait``: of what is put off.
    """
    due = has_come(PaymentEvent.due_at, now, longest_wait)
    looked_up = (col(PaymentEvent.source) == "poll").asc()
    waiting = select(PaymentEvent).where(due).order_by(looked_up, col(PaymentEvent.due_at), col(PaymentEvent.id))
    row = session.exec(waiting.limit(1)).first()
    if row is None:
        return None
    taken = (
        update(PaymentEvent)
        .where(col(PaymentEvent.id) == row.id, col(PaymentEvent.attempts) == row.attempts)
        .where(due)
        .values(status="leased", attempts=row.attempts + 1, due_at=now + timedelta(seconds=for_seconds))
    )
    if session.execute(taken).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE counts
        return None
    session.refresh(row)
    session.expunge(row)
    return row


def put_off(session: Session, account_id: int, now: datetime, until: datetime) -> int:
    """Let all that is due of an account wait; how many there are. It does not count as an attempt."""
    waiting = update(PaymentEvent).where(
        col(PaymentEvent.account_id) == account_id,
        col(PaymentEvent.status).in_(("new", "failed")),
        col(PaymentEvent.due_at) <= now,
    )
    return int(session.execute(waiting.values(due_at=until)).rowcount)  # type: ignore[attr-defined]


def finish(session: Session, lease: PaymentEvent, **values: Any) -> bool:
    """Write what became of a leased event; ``False`` where the lease ended and somebody else has it by now."""
    mine = update(PaymentEvent).where(
        col(PaymentEvent.id) == lease.id,
        col(PaymentEvent.attempts) == lease.attempts,
        col(PaymentEvent.status) == "leased",
    )
    return session.execute(mine.values(**values)).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def drop(session: Session, lease: PaymentEvent) -> bool:
    """Delete a leased event, as if it had never come; ``False`` where somebody else has it by now."""
    mine = delete(PaymentEvent).where(
        col(PaymentEvent.id) == lease.id,
        col(PaymentEvent.attempts) == lease.attempts,
        col(PaymentEvent.status) == "leased",
    )
    return session.execute(mine).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def has_waiting(session: Session, account_id: int, more_than: int) -> bool:
    """Whether more deliveries than so many of an account are yet to be read."""
    waiting = select(PaymentEvent.id).where(
        PaymentEvent.account_id == account_id,
        col(PaymentEvent.status).in_(("new", "leased", "failed")),
        col(PaymentEvent.due_at).is_not(None),
        PaymentEvent.source == "webhook",
    )
    return session.exec(waiting.offset(more_than).limit(1)).first() is not None


def has_ignored(session: Session, account_id: int, code: str, more_than: int) -> bool:
    """Whether more deliveries than so many of an account were ignored for a reason."""
    ignored = select(PaymentEvent.id).where(
        PaymentEvent.account_id == account_id, PaymentEvent.status == "ignored", PaymentEvent.code == code
    )
    return session.exec(ignored.offset(more_than).limit(1)).first() is not None


def again(session: Session, now: datetime, account_id: int, *, codes: Collection[str], ref: str = "") -> int:
    """Let events that changed nothing for one of these reasons be read once more; how many there are.

    ``ref``: only those about a purchase.
    """
    wanted = update(PaymentEvent).where(
        col(PaymentEvent.account_id) == account_id,
        col(PaymentEvent.status) == "ignored",
        col(PaymentEvent.code).in_(codes),
    )
    if ref:
        wanted = wanted.where(col(PaymentEvent.ref) == ref)
    return _read_anew(session, wanted, now)


def _read_anew(session: Session, wanted: Any, now: datetime) -> int:
    """As if they had just come; how many there are."""
    return int(session.execute(wanted.values(status="new", due_at=now, attempts=0)).rowcount)  # type: ignore[attr-defined]


def replay(session: Session, now: datetime, event_ids: Iterable[int]) -> int:
    """Let these events be read once more, whatever became of them; how many there are. A leased one is being read."""
    wanted = update(PaymentEvent).where(col(PaymentEvent.id).in_(list(event_ids)), col(PaymentEvent.status) != "leased")
    return _read_anew(session, wanted, now)


def by_id(session: Session, event_row_id: int) -> PaymentEvent | None:
    """An event by our number."""
    return session.get(PaymentEvent, event_row_id)


def page(
    session: Session,
    account_ids: Collection[int],
    *,
    statuses: Collection[str] = (),
    ref: str = "",
    event_id: str = "",
    limit: int = 100,
) -> Sequence[PaymentEvent]:
    """Events of accounts, the newest first."""
    query = select(PaymentEvent).where(col(PaymentEvent.account_id).in_(account_ids))
    if statuses:
        query = query.where(col(PaymentEvent.status).in_(statuses))
    if ref:
        query = query.where(PaymentEvent.ref == ref)
    if event_id:
        query = query.where(PaymentEvent.event_id == event_id)
    return session.exec(query.order_by(col(PaymentEvent.id).desc()).limit(limit)).all()


def last_of_object(session: Session, account_id: int, object_id: str) -> PaymentEvent | None:
    """The last event about an object."""
    query = select(PaymentEvent).where(PaymentEvent.account_id == account_id, PaymentEvent.object_id == object_id)
    return session.exec(query.order_by(col(PaymentEvent.id).desc()).limit(1)).first()


def counts(session: Session, account_id: int) -> dict[str, int]:
    """How many events of an account there are, by status."""
    query = select(PaymentEvent.status, func.count()).where(PaymentEvent.account_id == account_id)
    return {status: int(count) for status, count in session.exec(query.group_by(PaymentEvent.status))}


def last_received(session: Session, account_id: int) -> datetime | None:
    """When a delivery of an account was accepted last."""
    query = select(PaymentEvent.received_at).where(
        PaymentEvent.account_id == account_id, PaymentEvent.source == "webhook"
    )
    return session.exec(query.order_by(col(PaymentEvent.id).desc()).limit(1)).first()


def is_any_due(session: Session, now: datetime, longest_wait: timedelta) -> bool:
    """Whether there is something to `claim`."""
    due = select(PaymentEvent.id).where(has_come(PaymentEvent.due_at, now, longest_wait))
    return session.exec(due.limit(1)).first() is not None


def oldest_due(session: Session) -> datetime | None:
    """Since when the first that waits is due."""
    return session.exec(select(func.min(PaymentEvent.due_at))).one()


def redact(session: Session, before: datetime) -> int:
    """Forget what old events said; that they came, and their digests, stays. How many there were."""
    told = update(PaymentEvent).where(
        col(PaymentEvent.received_at) < before,
        col(PaymentEvent.payload).is_not(None),
        col(PaymentEvent.due_at).is_(None),
    )
    return int(session.execute(told.values(payload=None)).rowcount)  # type: ignore[attr-defined]


def forget(session: Session, before: datetime) -> int:
    """Forget old events as a whole, but for those that are yet to be read. How many there were."""
    gone = delete(PaymentEvent).where(col(PaymentEvent.received_at) < before, col(PaymentEvent.due_at).is_(None))
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def replay_last(session: Session, now: datetime, account_id: int, refs: Collection[str]) -> int:
    """Let the last event about each of these purchases be read once more; how many there are."""
    last = select(func.max(PaymentEvent.id)).where(
        PaymentEvent.account_id == account_id,
        col(PaymentEvent.ref).in_(refs),
        PaymentEvent.status == "processed",
    )
    found = session.exec(last.group_by(PaymentEvent.ref)).all() if refs else []
    return replay(session, now, [row_id for row_id in found if row_id is not None])


def replay_all(session: Session, now: datetime, account_id: int, statuses: Collection[str]) -> int:
    """Let all events of an account in some states be read once more; how many there are. A leased one is being read."""
    wanted = update(PaymentEvent).where(
        col(PaymentEvent.account_id) == account_id,
        col(PaymentEvent.status).in_(statuses),
        col(PaymentEvent.status) != "leased",
    )
    return _read_anew(session, wanted, now)
