"""Usage counts per day, and heartbeats."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from bridge.models import Heartbeat, UsageDay
from bridge.storage.engine import upsert
from bridge.storage.moments import has_come


class Use(NamedTuple):
    """What is counted together. Zero and empty: none, or not stated.

    A tuple, since every request makes one and looks for it.
    """

    day: date
    repo_id: int
    kind: str
    code: str
    key_id: int = 0
    site: str = ""
    version: str = ""
    cms: str = ""
    php: str = ""


# In the order of Use's fields. Past the ORM, which takes ten times as long for what may be a row a request.
_ADD = """
INSERT INTO usage_day (day, repo_id, kind, code, key_id, site, version, cms, php, count)
VALUES ({p}, {p}, {p}, {p}, {p}, {p}, {p}, {p}, {p}, {p})
ON CONFLICT (day, repo_id, key_id, site, kind, code, version, cms, php)
DO UPDATE SET count = usage_day.count + excluded.count
"""


def add(session: Session, counts: Mapping[Use, int]) -> None:
    """Add the counts. Rows are written in one order everywhere, so two writers can't wait for each other."""
    if not counts:
        return
    rows = [
        (use.day.isoformat(), use.repo_id, use.kind, str(use.code), *use[4:], count)
        for use, count in sorted(counts.items())
    ]
    connection = session.connection()
    statement = _ADD.format(p="?" if connection.dialect.name == "sqlite" else "%s")
    connection.exec_driver_sql(statement, rows)


# Counts of one day that differ by the site only become one line.
_MERGE = """
INSERT INTO usage_day (day, repo_id, kind, code, key_id, site, version, cms, php, count)
SELECT day, repo_id, kind, code, key_id, '', version, cms, php, sum(count) FROM usage_day
WHERE day >= :since AND day < :before AND site <> '' GROUP BY day, repo_id, kind, code, key_id, version, cms, php
ON CONFLICT (day, repo_id, key_id, site, kind, code, version, cms, php)
DO UPDATE SET count = usage_day.count + excluded.count
"""


def forget_sites(session: Session, before: date, since: date = date.min) -> None:
    """Forget which sites did what before a day; what was done is still counted. Nothing is older than ``since``."""
    session.execute(text(_MERGE), {"since": since.isoformat(), "before": before.isoformat()})
    old = [col(UsageDay.day) >= since, col(UsageDay.day) < before, col(UsageDay.site) != ""]
    session.exec(delete(UsageDay).where(*old))


def beat(session: Session, name: str, now: datetime) -> None:
    """Say that the process is alive."""
    insert = upsert(session)
    row = insert(Heartbeat).values(name=name, beat_at=now)
    session.exec(row.on_conflict_do_update(index_elements=["name"], set_={"beat_at": row.excluded.beat_at}))


def take_turn(session: Session, name: str, now: datetime, wait: timedelta) -> bool:
    """Whether what is to be done once in so long is to be done now, and by us: of many who ask, one is told so."""
    insert = upsert(session)
    row = insert(Heartbeat).values(name=name, beat_at=now)
    old = has_come(col(Heartbeat.beat_at), now - wait, wait)
    taken = row.on_conflict_do_update(index_elements=["name"], set_={"beat_at": row.excluded.beat_at}, where=old)
    return session.exec(taken.returning(col(Heartbeat.name))).first() is not None


def last_beat(session: Session, name: str) -> datetime | None:
    """When the process was last alive."""
    row = session.get(Heartbeat, name)
    return row.beat_at if row else None


def forget_beats(session: Session, *names: str) -> None:
    """Forget processes that are no more."""
    session.exec(delete(Heartbeat).where(col(Heartbeat.name).in_(names)))


def beats(session: Session, beginning: str) -> Sequence[tuple[str, datetime]]:
    """All whose names begin so, with when they were last alive."""
    rows = session.exec(select(Heartbeat).where(col(Heartbeat.name).startswith(beginning, autoescape=True)))
    return [(row.name, row.beat_at) for row in rows]
