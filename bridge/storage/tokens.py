"""Machine tokens as rows. A slot number under a unique constraint holds their limit, however many are made at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, update
from sqlmodel import Session, col, select

from bridge.models import MachineToken
from bridge.models.tokens import MOST_LIVE_TOKENS
from bridge.rules.machine_tokens import State, TokenFacts, state
from bridge.storage.licenses import insert_unless_exists


def state_of(row: MachineToken, now: datetime) -> State:
    """What a token is now."""
    return state(TokenFacts(row.created_at, row.expires_at, row.revoked_at, row.last_used_at), now)


def by_digest(session: Session, digest: str) -> MachineToken | None:
    """The token of a digest."""
    return session.exec(select(MachineToken).where(MachineToken.digest == digest)).first()


def by_id(session: Session, token_id: int) -> MachineToken | None:
    """The token of a number."""
    return session.get(MachineToken, token_id)


def names_of(session: Session, owner_id: int, token_ids: Collection[int]) -> dict[int, str]:
    """What these tokens of an owner are called, or were before they were revoked."""
    query = select(MachineToken.id, MachineToken.name).where(MachineToken.owner_id == owner_id)
    found = session.exec(query.where(col(MachineToken.id).in_(token_ids))).all() if token_ids else ()
    return {number: name for number, name in found if number is not None}


def page(
    session: Session,
    owner_id: int,
    repo_id: int | None,
    wanted: State | None,
    now: datetime,
    *,
    with_owners: bool,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[int, Sequence[MachineToken]]:
    """An owner's tokens, newest first; without a state all but the revoked ones.

    With ``repo_id`` those of one repo, and ``with_owners`` also those of the owner, which work there too.
    """
    conditions: list[Any] = [MachineToken.owner_id == owner_id]
    if repo_id is not None:
        of_repo = col(MachineToken.repo_id) == repo_id
        conditions.append(or_(of_repo, col(MachineToken.repo_id).is_(None)) if with_owners else of_repo)
    conditions.append(_in_state(wanted, now))
    total = session.exec(select(func.count()).select_from(MachineToken).where(*conditions)).one()
    query = select(MachineToken).where(*conditions).order_by(col(MachineToken.id).desc())
    return int(total), session.exec(query.limit(limit).offset(offset)).all()


def _in_state(wanted: State | None, now: datetime) -> Any:
    """``rules.machine_tokens.state`` in the words of the database."""
    revoked = col(MachineToken.revoked_at).is_not(None)
    ends, used, made = col(MachineToken.expires_at), col(MachineToken.last_used_at), col(MachineToken.created_at)
    expired = and_(ends.is_not(None), or_(ends <= now, ends <= made, and_(used.is_not(None), ends <= used)))
    if wanted is None:
        return ~revoked
    if wanted is State.REVOKED:
        return revoked
    return and_(~revoked, expired if wanted is State.EXPIRED else ~expired)


def insert(session: Session, row: MachineToken, now: datetime) -> bool:
    """Store a token in a free slot of its owner; ``False`` where all are taken. Expired ones take none."""
    over: list[Any] = [
        MachineToken.owner_id == row.owner_id,
        col(MachineToken.slot).is_not(None),
        col(MachineToken.expires_at) <= now,
    ]
    session.exec(update(MachineToken).where(*over).values(slot=None))
    for _ in range(MOST_LIVE_TOKENS):
        taken = set(session.exec(select(MachineToken.slot).where(MachineToken.owner_id == row.owner_id)).all())
        slot = next((number for number in range(1, MOST_LIVE_TOKENS + 1) if number not in taken), None)
        if slot is None:
            return False
        row.slot = slot
        if insert_unless_exists(session, row):
            return True
        # Another call was faster with this slot; the next look sees what it left.
    return False


def revoke(session: Session, token_id: int, now: datetime) -> bool:
    """End a token; ``False`` where it was ended before."""
    live = [col(MachineToken.id) == token_id, col(MachineToken.revoked_at).is_(None)]
    ended: Any = session.exec(update(MachineToken).where(*live).values(revoked_at=now, slot=None))
    return bool(ended.rowcount)


def note_use(session: Session, token_id: int, minute: datetime) -> None:
    """Note the minute of a token's last use; it never goes back."""
    earlier = or_(col(MachineToken.last_used_at).is_(None), col(MachineToken.last_used_at) < minute)
    session.exec(update(MachineToken).where(col(MachineToken.id) == token_id, earlier).values(last_used_at=minute))
