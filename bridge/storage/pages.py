"""Pages of what belongs to a key, and of the audit trail."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import func
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


def trail(
    session: Session, owner_id: int, repo_id: int | None, subject: str, *, limit: int, offset: int
) -> Page[Audit]:
    """What was changed, newest first; with ``repo_id`` the changes of one repo, its packages and their keys."""
    conditions: list[Any] = [Audit.owner_id == owner_id]
    if subject:
        conditions.append(Audit.subject == subject)
    if repo_id is not None:
        conditions.append(Audit.repo_id == repo_id)
    return _page(session, Audit, conditions, [col(Audit.id).desc()], limit, offset)


def _page(
    session: Session, table: type[Row], conditions: Sequence[Any], order: Sequence[Any], limit: int, offset: int
) -> Page[Row]:
    total = session.exec(select(func.count()).select_from(table).where(*conditions)).one()
    rows = session.exec(select(table).where(*conditions).order_by(*order).limit(limit).offset(offset)).all()
    return int(total), rows
