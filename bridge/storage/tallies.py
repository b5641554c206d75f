"""Counts of the whole installation, for its operators: kept as they grow, never added up when they are asked for.

They stand in ``usage_day`` in rows that belong to no repo, so that every process adds to them where it counts anyway,
and a scrape reads a few rows a day, however many keys and sites there are. Of each kind of request they say:

- ``code`` = a decision: how often it was made;
- ``code`` = ``took``, ``version`` = a bound in seconds: how many answers took so long, and longer than the last bound;
- ``code`` = ``microseconds``: how long all of them took together.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from bridge.models import UsageDay
from bridge.storage.usage import Use

NO_REPO = 0
TOOK, MICROSECONDS = "took", "microseconds"


class Tally(NamedTuple):
    """One count: ``detail`` is the bound of ``took``."""

    kind: str
    code: str
    detail: str
    times: int


def use(day: date, kind: str, code: str, detail: str = "") -> Use:
    """The line under which a count of the installation is written."""
    return Use(day, NO_REPO, kind, code, version=detail)


def read(session: Session) -> Sequence[Tally]:
    """All counts since the bridge was installed."""
    kind, code, detail = col(UsageDay.kind), col(UsageDay.code), col(UsageDay.version)
    query = select(kind, code, detail, func.sum(UsageDay.count)).where(UsageDay.repo_id == NO_REPO)
    rows = session.exec(query.group_by(kind, code, detail).order_by(kind, code, detail))
    return [Tally(row[0], row[1], row[2], int(row[3])) for row in rows]
