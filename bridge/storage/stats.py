"""Usage counted in the database, over days (UTC) and repos.

Every question goes over a range of days of some repos, which ``ix_usage_day_repo_id_day`` finds.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_
from sqlmodel import Session, col

from bridge.models import UsageDay
from bridge.rules.access import Code
from bridge.rules.numbers import Stated
from bridge.rules.spans import Span

ALLOWED = (str(Code.VALID), str(Code.GRACE))
_AT_ONCE = 1000
_NAMED = func.count(func.nullif(col(UsageDay.site), "").distinct()).label("sites")


class Count(NamedTuple):
    """How often something was asked for on a day, and what came of it."""

    day: date
    kind: str
    code: str
    times: int


def counts(session: Session, repo_ids: Collection[int], span: Span) -> list[Count]:
    """Everything by day, kind and code."""
    day, kind, code = col(UsageDay.day), col(UsageDay.kind), col(UsageDay.code)
    query: Any = select(day, kind, code, func.sum(UsageDay.count)).where(*_in(repo_ids, span)).group_by(day, kind, code)
    return [Count(row[0], row[1], row[2], int(row[3])) for row in session.exec(query)]


def requests_by(session: Session, repo_ids: Collection[int], span: Span) -> list[tuple[str, str, int]]:
    """How many requests stated which platform and which PHP."""
    cms, php = col(UsageDay.cms), col(UsageDay.php)
    query: Any = select(cms, php, func.sum(UsageDay.count)).where(*_in(repo_ids, span)).group_by(cms, php)
    return [(row[0], row[1], int(row[2])) for row in session.exec(query)]


def downloads_by_version(session: Session, repo_ids: Collection[int], span: Span) -> list[tuple[int, str, int]]:
    """How often each version of each repo was delivered."""
    repo, version = col(UsageDay.repo_id), col(UsageDay.version)
    query: Any = select(repo, version, func.sum(UsageDay.count)).where(*_in(repo_ids, span), *_delivered())
    return [(row[0], row[1], int(row[2])) for row in session.exec(query.group_by(repo, version))]


def downloads_by_day(
    session: Session, versions: Collection[tuple[int, str]], span: Span
) -> list[tuple[int, str, date, int]]:
    """The same by day, of some versions of some repos."""
    repo, version, day = col(UsageDay.repo_id), col(UsageDay.version), col(UsageDay.day)
    query: Any = (
        select(repo, version, day, func.sum(UsageDay.count))
        .where(*_in({each[0] for each in versions}, span), *_delivered(), tuple_(repo, version).in_(list(versions)))
        .group_by(repo, version, day)
    )
    return [(row[0], row[1], row[2], int(row[3])) for row in session.exec(query)]


def seen(session: Session, repo_ids: Collection[int], span: Span) -> tuple[int, int]:
    """How many different sites, and how many different keys, were good for something.

    A site is a domain that uses a key; a key that came without any domain in the span counts as one.
    """
    by_key = select(_NAMED).where(*_in(repo_ids, span), *_good()).group_by(col(UsageDay.key_id)).subquery()
    query: Any = select(func.coalesce(_sites(by_key), 0), func.count()).select_from(by_key)
    sites, keys = session.exec(query).one()
    return int(sites), int(keys)


def seen_by_day(session: Session, repo_ids: Collection[int], span: Span) -> dict[date, tuple[int, int]]:
    """The same for each day of the span; days without anybody are left out."""
    day, key = col(UsageDay.day), col(UsageDay.key_id)
    by_key = select(day, _NAMED).where(*_in(repo_ids, span), *_good()).group_by(day, key).subquery()
    query: Any = select(by_key.c.day, _sites(by_key), func.count()).group_by(by_key.c.day)
    return {day: (int(sites), int(keys)) for day, sites, keys in session.exec(query)}


def stated(session: Session, repo_ids: Collection[int], span: Span, back_to: date) -> Iterator[Stated]:
    """What was stated with good keys in the range, and downloaded since ``back_to``; key by key, read bit by bit."""
    is_download = col(UsageDay.kind) == "download"  # of other kinds, the version is one that was asked about
    key, repo, site = col(UsageDay.key_id), col(UsageDay.repo_id), col(UsageDay.site)
    cms, php = col(UsageDay.cms), col(UsageDay.php)
    version: Any = case((is_download, UsageDay.version), else_="").label("fetched")
    known = or_(col(UsageDay.day) >= span.since, is_download)
    found = (
        select(key, repo, site, version, cms, php, func.max(UsageDay.day).label("last"))
        .where(*_in(repo_ids, Span(min(back_to, span.since), span.until)), *_good(), known)
        .group_by(key, repo, site, "fetched", cms, php)
        .cte("found")
        # Rows that are read bit by bit make PostgreSQL choose what gives the first of them soon, and the last late.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    query: Any = select(found).order_by(found.c.key_id)
    for row in session.exec(query, execution_options={"yield_per": _AT_ONCE}):
        yield Stated(*row)


def _sites(by_key: Any) -> Any:
    return func.sum(case((by_key.c.sites == 0, 1), else_=by_key.c.sites))


def _in(repo_ids: Collection[int], span: Span) -> list[ColumnElement[bool]]:
    day = col(UsageDay.day)
    return [col(UsageDay.repo_id).in_(list(repo_ids)), day >= span.since, day <= span.until]


def _good() -> list[ColumnElement[bool]]:
    return [col(UsageDay.key_id) != 0, col(UsageDay.code).in_(ALLOWED)]


def _delivered() -> list[ColumnElement[bool]]:
    return [col(UsageDay.kind) == "download", col(UsageDay.code).in_(ALLOWED)]
