"""Owners' own words for mails, as rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bridge.models import MailTemplate
from bridge.storage.engine import upsert


def of_owner(session: Session, owner_id: int, kind: str = "") -> Sequence[MailTemplate]:
    """What an owner wrote, as it is now; of one kind only."""
    query = select(MailTemplate).where(MailTemplate.owner_id == owner_id)
    if kind:
        query = query.where(MailTemplate.kind == kind)
    query = query.order_by(col(MailTemplate.kind), col(MailTemplate.language))
    return session.exec(query.execution_options(populate_existing=True)).all()


def put(session: Session, owner_id: int, kind: str, language: str, source: str, now: datetime) -> None:
    """Keep an owner's words, instead of those that were there."""
    values = {"owner_id": owner_id, "kind": kind, "language": language, "source": source, "updated_at": now}
    row = upsert(session)(MailTemplate).values(**values)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["owner_id", "kind", "language"], set_={"source": source, "updated_at": now}
        )
    )


def drop(session: Session, owner_id: int, kind: str, language: str) -> bool:
    """Forget an owner's words; whether there were any."""
    row = session.get(MailTemplate, (owner_id, kind, language))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True
