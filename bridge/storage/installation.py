"""The installation as a whole, for those who run it: its owners, what waits to be read, what was deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Integer, cast, func, text
from sqlmodel import Session, col, select

from bridge.models import Audit, LicenseKey, Owner, PaymentAccount, Refresh, Repo
from bridge.models.machinery import DELETION


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """An owner with its repos (all that are known, served, gone from Gitea, with a problem), keys and accounts."""

    owner: Owner
    repos: int
    served: int
    absent: int
    troubled: int
    keys: int
    accounts: int


def owners(session: Session) -> list[OwnerLine]:
    """All of them, by name."""
    rows = session.exec(select(Owner).order_by(Owner.name)).all()
    keys = dict(session.exec(select(LicenseKey.owner_id, func.count()).group_by(col(LicenseKey.owner_id))).all())
    accounts = dict(
        session.exec(select(PaymentAccount.owner_id, func.count()).group_by(col(PaymentAccount.owner_id))).all()
    )
    served, absent = cast(col(Repo.served), Integer), cast(col(Repo.absent_since).is_not(None), Integer)
    counted = select(Repo.owner_id, func.count(), func.sum(served), func.sum(absent)).group_by(col(Repo.owner_id))
    repos = {owner_id: (total, int(some or 0), int(gone or 0)) for owner_id, total, some, gone in session.exec(counted)}
    troubled: dict[int, int] = {}
    for owner_id, problems in session.exec(select(Repo.owner_id, Repo.problems)):
        troubled[owner_id] = troubled.get(owner_id, 0) + bool(problems)
    return [
        OwnerLine(
            row, *repos.get(row.id, (0, 0, 0)), troubled.get(row.id, 0), keys.get(row.id, 0), accounts.get(row.id, 0)
        )
        for row in rows
    ]


def waiting(session: Session, limit: int) -> Sequence[Refresh]:
    """Repos that wait to be read, those that failed most often first."""
    order = (col(Refresh.attempts).desc(), col(Refresh.due_at))
    return session.exec(select(Refresh).order_by(*order).limit(limit)).all()


def deletions(session: Session, limit: int) -> Sequence[tuple[Audit, str]]:
    """What was deleted for good last, with the owner's name."""
    query = select(Audit, Owner.name).join(Owner, col(Owner.id) == Audit.owner_id, isouter=True)
    found = session.exec(query.where(text(DELETION)).order_by(col(Audit.id).desc()).limit(limit))
    return [(row, name or "") for row, name in found]


def gone(session: Session, limit: int) -> Sequence[tuple[Repo, str]]:
    """Repos that Gitea does not have any more, with the owner's name, the longest gone first."""
    query = select(Repo, Owner.name).join(Owner, col(Owner.id) == Repo.owner_id)
    found = session.exec(query.where(col(Repo.absent_since).is_not(None)).order_by(col(Repo.absent_since)).limit(limit))
    return [(row, name) for row, name in found]
