"""What is to be sent, as rows: put there once by whoever causes it, in the same transaction.

`put` is for those who cause it. Whoever sends claims a row as `payment_events.claim` does: ``due_at`` is the next
attempt or the end of the lease, and empty where nothing is left to do.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from bridge.models import Outbox
from bridge.storage.engine import upsert


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
