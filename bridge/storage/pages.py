"""Pages of what belongs to a key, and of the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import func, or_
from sqlmodel import Session, SQLModel, col, select

from bridge.models import Audit, Site, UsageDay

Row = TypeVar("Row", bound=SQLModel)
Page = tuple[int, Sequence[Row]]


def sites(session: Session, key_id: int, *, limit: int, offset: int) -> Page[Site]:
    """The live sites of a key, oldest first."""
    conditions = [Site.key_id == key_id, col(Site.freed_at).is_(None)]
    return _page(session, Site, conditions, [col(Site.id)], limit, offset)


def site(session: Session, key_id: int, site_id: int) -> Site | None:
    """One live site of a key."""
    query = select(Site).where(Site.id == site_id, Site.key_id == key_id, col(Site.freed_at).is_(None))
    return session.exec(query).first()


def counted_sites(session: Session, key_id: int) -> int:
    """How many slots of a key are taken."""
    query = select(func.count()).select_from(Site).where(Site.key_id == key_id, col(Site.slot).is_not(None))
    return int(session.exec(query).one())


def usage(
    session: Session, key_id: int, since: date, repo_id: int | None, *, limit: int, offset: int
) -> Page[UsageDay]:
    """A key's counts since a day, newest first; with ``repo_id`` those of one repo."""
    conditions: list[Any] = [UsageDay.key_id == key_id, UsageDay.day >= since]
    if repo_id is not None:
        conditions.append(UsageDay.repo_id == repo_id)
    order: list[Any] = [col(UsageDay.day).desc()]
    order += [col(getattr(UsageDay, name)) for name in ("repo_id", "site", "kind", "code", "version", "cms", "php")]
    return _page(session, UsageDay, conditions, order, limit, offset)


def usage_by_day(session: Session, key_id: int, since: date, repo_id: int | None) -> Sequence[tuple[date, str, int]]:
    """All counts of a key since a day, added up: the day, what was answered, and how often."""
    day, code = col(UsageDay.day), col(UsageDay.code)
    query = select(day, code, func.sum(UsageDay.count)).where(UsageDay.key_id == key_id, day >= since)
    if repo_id is not None:
        query = query.where(UsageDay.repo_id == repo_id)
    return [(day, code, int(count)) for day, code, count in session.exec(query.group_by(day, code))]


@dataclass(frozen=True, slots=True)
class Trail:
    """Which changes are meant: of an owner; with ``repo_id`` those of one repo, its packages and their keys.

    ``actor`` and ``action``: one, or the first word of many (``gitea``, ``key``). ``since`` is in, ``until`` is not.
    """

    owner_id: int
    repo_id: int | None = None
    subject: str = ""
    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def trail(session: Session, wanted: Trail, *, limit: int, offset: int) -> Page[Audit]:
    """What was changed, newest first."""
    return _page(session, Audit, _changes(wanted), [col(Audit.id).desc()], limit, offset)


def trail_before(session: Session, wanted: Trail, before_id: int | None, *, limit: int) -> Sequence[Audit]:
    """The next changes of a long trail, newest first, behind the one that was read last."""
    conditions = _changes(wanted)
    if before_id is not None:
        conditions.append(col(Audit.id) < before_id)
    return session.exec(select(Audit).where(*conditions).order_by(col(Audit.id).desc()).limit(limit)).all()


def _changes(wanted: Trail) -> list[Any]:
    conditions: list[Any] = [Audit.owner_id == wanted.owner_id]
    if wanted.repo_id is not None:
        conditions.append(Audit.repo_id == wanted.repo_id)
    if wanted.subject:
        conditions.append(Audit.subject == wanted.subject)
    if wanted.actor:
        conditions.append(_is_or_begins(Audit.actor, wanted.actor, ":"))
    if wanted.action:
        conditions.append(_is_or_begins(Audit.action, wanted.action, "."))
    if wanted.since is not None:
        conditions.append(Audit.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Audit.at < wanted.until)
    return conditions


def _is_or_begins(column: Any, word: str, sign: str) -> Any:
    return or_(column == word, col(column).startswith(f"{word}{sign}", autoescape=True))


def _page(
    session: Session, table: type[Row], conditions: Sequence[Any], order: Sequence[Any], limit: int, offset: int
) -> Page[Row]:
    total = session.exec(select(func.count()).select_from(table).where(*conditions)).one()
    rows = session.exec(select(table).where(*conditions).order_by(*order).limit(limit).offset(offset)).all()
    return int(total), rows
