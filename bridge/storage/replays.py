"""Answers that were given to calls with an ``Idempotency-Key``."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from bridge.models import Replay
from bridge.storage.engine import upsert

# How long the second of two equal calls at once waits for the first.
_WAIT = "3s"
_LOCK_NOT_AVAILABLE = "55P03"


class BusyError(Exception):
    """The first call with this key is still under way."""


def claim(session: Session, row: Replay) -> Replay | None:
    """Put the call's row in, for this transaction to fill; or the row of the call that had the effect already.

    Where an equal call is under way in another transaction, this waits for its end, and then raises ``BusyError``.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    values = row.model_dump()
    inserted = upsert(session)(Replay).values(**values).on_conflict_do_nothing(index_elements=["scope"])
    inserted = inserted.returning(col(Replay.scope))
    try:
        if not sqlite:
            waited = session.connection().exec_driver_sql("SHOW lock_timeout").scalar_one()
            session.connection().exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT}'")
        ours: Any = session.execute(inserted).scalar_one_or_none()
        if not sqlite:
            session.connection().exec_driver_sql(f"SET LOCAL lock_timeout = '{waited}'")
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise BusyError from None
    return None if ours is not None else session.get_one(Replay, row.scope)


def keep(session: Session, scope: str, status: int, body: str, headers: str) -> None:
    """Fill the row of a claimed call with its answer."""
    row = session.get_one(Replay, scope)
    row.status, row.body, row.headers = status, body, headers
    session.add(row)


def release(session: Session, scope: str) -> None:
    """Forget a claimed call: it had no effect that must not happen twice."""
    session.exec(delete(Replay).where(col(Replay.scope) == scope))


def forget(session: Session, before: datetime) -> None:
    """Forget old answers."""
    session.exec(delete(Replay).where(col(Replay.created_at) < before))


def forget_of_owner(session: Session, owner_id: int) -> None:
    """Forget what was answered about an owner's customers, since it holds their names. A call under way stays."""
    session.exec(delete(Replay).where(col(Replay.owner_id) == owner_id, col(Replay.status) != 0))
