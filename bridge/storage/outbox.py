"""What is to be sent, as rows: put there once by whoever causes it, in the same transaction.

`put` is for those who cause it. Whoever sends claims a row as `payment_events.claim` does: ``due_at`` is the next
attempt or the end of the lease, and empty where nothing is left to do.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from bridge.models import Outbox
from bridge.rules.payments.messages import Message
from bridge.storage.engine import upsert
from bridge.storage.moments import has_come

_WAITING = ("new", "leased")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def put(
    session: Session,
    dedupe_key: str,
    kind: str,
    owner_id: int,
    now: datetime,
    *,
    due_at: datetime | None = None,
    purchase_id: int | None = None,
    reference: dict[str, Any] | None = None,
) -> bool:
    """Want something sent; ``False`` where it was wanted before. ``due_at`` ``None``: now."""
    values = Outbox(
        dedupe_key=dedupe_key,
        kind=kind,
        owner_id=owner_id,
        purchase_id=purchase_id,
        reference=reference or {},
        due_at=due_at or now,
        created_at=now,
    ).model_dump(exclude={"id"})
    row = upsert(session)(Outbox).values(**values).on_conflict_do_nothing(index_elements=["dedupe_key"])
    return session.execute(row.returning(col(Outbox.id))).scalar_one_or_none() is not None


def claim(session: Session, now: datetime, *, for_seconds: float, longest_wait: timedelta, host: str) -> Outbox | None:
    """Lease what is due longest, keys that were sold first. The update names the row's attempt, so one worker gets it.

    Its ``message_id`` is made with the first lease (``host``: its right half), and stays: whoever gets the mail twice,
    since a worker died after sending it, gets the same mail. A worker that dies leaves it due again.
    ``longest_wait``: of what is put off.
    """
    due = has_come(Outbox.due_at, now, longest_wait)
    waiting = select(Outbox).where(due, col(Outbox.status).in_(_WAITING))
    first = (col(Outbox.kind) != Message.KEYS).asc()
    row = session.exec(waiting.order_by(first, col(Outbox.due_at), col(Outbox.id)).limit(1)).first()
    if row is None:
        return None
    named = row.message_id or f"<{hashlib.sha256(f'{row.id} {row.dedupe_key}'.encode()).hexdigest()[:40]}@{host}>"
    taken = (
        update(Outbox)
        .where(col(Outbox.id) == row.id, col(Outbox.attempts) == row.attempts, due)
        .values(
            status="leased", attempts=row.attempts + 1, due_at=now + timedelta(seconds=for_seconds), message_id=named
        )
    )
    if session.execute(taken).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE counts
        return None
    session.refresh(row)
    session.expunge(row)
    return row


def finish(session: Session, lease: Outbox, **values: Any) -> bool:
    """Write what became of a leased row; ``False`` where the lease ended and somebody else has it by now."""
    mine = update(Outbox).where(
        col(Outbox.id) == lease.id, col(Outbox.attempts) == lease.attempts, col(Outbox.status) == "leased"
    )
    return session.execute(mine.values(**values)).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def put_off(session: Session, owner_id: int, now: datetime, until: datetime, kinds: Collection[str]) -> int:
    """Let what is due of an owner and of these kinds wait, all at once; how much that is."""
    waiting = update(Outbox).where(
        col(Outbox.owner_id) == owner_id, col(Outbox.status) == "new", col(Outbox.due_at) <= now
    )
    waiting = waiting.where(col(Outbox.kind).in_(kinds))
    return int(session.execute(waiting.values(due_at=until)).rowcount)  # type: ignore[attr-defined]


def is_any_due(session: Session, now: datetime, longest_wait: timedelta) -> bool:
    """Whether there is something to `claim`."""
    due = select(Outbox.id).where(has_come(Outbox.due_at, now, longest_wait))
    return session.exec(due.limit(1)).first() is not None


def sent_since(session: Session, owner_id: int, since: datetime) -> Counter[str]:
    """How much went out for an owner, by kind."""
    query = select(Outbox.kind, func.count()).where(Outbox.owner_id == owner_id, col(Outbox.sent_at) >= since)
    return Counter({kind: int(count) for kind, count in session.exec(query.group_by(Outbox.kind))})


def last_sent(session: Session, purchase_id: int, kind: str) -> Sequence[Outbox]:
    """What of a kind was said about a purchase, the latest first."""
    query = select(Outbox).where(Outbox.purchase_id == purchase_id, Outbox.kind == kind, Outbox.status == "sent")
    return session.exec(query.order_by(col(Outbox.sent_at).desc(), col(Outbox.id).desc())).all()


def untold(session: Session, purchase_id: int, kind: str, key_ids: Collection[int]) -> list[int]:
    """Those keys of a purchase of which a message of a kind was to tell, and none did or is about to."""
    query = select(Outbox.status, Outbox.reference).where(Outbox.purchase_id == purchase_id, Outbox.kind == kind)
    wanted: set[int] = set()
    told: set[int] = set()
    for status, reference in session.exec(query) if key_ids else ():
        keys = set(reference.get("keys", ()))
        wanted |= keys | set(reference.get("left_out", ()))
        told |= keys if status in {*_WAITING, "sent"} else set()
    return [key_id for key_id in key_ids if key_id in wanted - told]


def known(session: Session, dedupe_keys: Collection[str]) -> set[str]:
    """Which of these occasions had a message."""
    return set(session.exec(select(Outbox.dedupe_key).where(col(Outbox.dedupe_key).in_(dedupe_keys))))


def page(
    session: Session, owner_ids: Collection[int] | None, *, statuses: Collection[str] = (), limit: int = 100
) -> Sequence[Outbox]:
    """Rows of owners, or of all (``None``), the newest first."""
    query = select(Outbox)
    if owner_ids is not None:
        query = query.where(col(Outbox.owner_id).in_(owner_ids))
    if statuses:
        query = query.where(col(Outbox.status).in_(statuses))
    return session.exec(query.order_by(col(Outbox.id).desc()).limit(limit)).all()


def counts(session: Session) -> dict[str, int]:
    """How many rows there are, by status."""
    query = select(Outbox.status, func.count()).group_by(Outbox.status)
    return {status: int(count) for status, count in session.exec(query)}


def again(session: Session, now: datetime, row_ids: Collection[int]) -> int:
    """Try rows once more, as if they were wanted now; how many there are. What was sent, or is being sent, stays."""
    waiting = update(Outbox).where(col(Outbox.id).in_(row_ids), col(Outbox.status).in_(("dead", "dropped", "new")))
    anew = waiting.values(status="new", due_at=now, created_at=now, attempts=0)
    return int(session.execute(anew).rowcount)  # type: ignore[attr-defined]


def drop_never_begun(session: Session, before: datetime, why: str) -> int:
    """Give up what waits for so long and was never tried, as where mail is off. How many there were."""
    # SQLite finds by an index what is later than something, but not what is there at all.
    waiting = update(Outbox).where(col(Outbox.due_at) > _EVER, col(Outbox.created_at) < before)
    old = waiting.where(col(Outbox.status) == "new", col(Outbox.attempts) == 0)
    gone = old.values(status="dropped", due_at=None, last_error=why)
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def forget(session: Session, before: datetime) -> int:
    """Forget old rows about which nothing is to be done: none is due, and none waits. How many there were."""
    old = delete(Outbox).where(col(Outbox.due_at).is_(None), col(Outbox.created_at) < before)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
