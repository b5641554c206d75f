"""Tokens for machines: made, recognised, revoked. What one may do is a matter of its maker, see ``makers.py``."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InvalidInputError, RefusedError, UnavailableError
from bridge.models import MachineToken
from bridge.models.tokens import MOST_LIVE_TOKENS
from bridge.rules import machine_tokens as rules
from bridge.rules.machine_tokens import State
from bridge.rules.permissions import Action
from bridge.rules.scopes import Scope, actions_of
from bridge.services.people_errors import UnprovenError
from bridge.services.standings import Person
from bridge.storage import audits, tokens
from bridge.storage.audits import Actor

USUAL_LIFE = timedelta(days=365)
_USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TokenInput:
    """What a person wants a token to be; ``expires_at`` None: it lasts until it is revoked."""

    name: str
    scopes: Sequence[Scope]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What a token says of whoever brings it: where it may stand (``repo_id`` None: all of the owner), and for whom."""

    token_id: int
    owner_id: int
    repo_id: int | None
    maker_id: int
    maker_login: str
    limit: frozenset[Action]


def make(
    session: Any,
    place: tuple[int, int | None],
    maker: Person,
    wanted: TokenInput,
    entropy: Callable[[int], bytes],
    actor: Actor,
    now: datetime,
) -> tuple[MachineToken, str]:
    """A new token of an owner, or of one repo (``place``: their ids), and its text, which is known only now.

    Raises ``InvalidInputError``, and ``RefusedError`` where the owner has too many.
    """
    if not wanted.name.strip():
        raise InvalidInputError("name", "say what the token is for; one day somebody will want to revoke it")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise InvalidInputError("expires", "must lie in the future")
    owner_id, repo_id = place
    text = rules.new_token(entropy(rules.ENTROPY_BYTES))
    row = MachineToken(
        owner_id=owner_id,
        repo_id=repo_id,
        name=wanted.name.strip(),
        digest=rules.digest(text),
        hint=rules.hint(text),
        scopes=[str(scope) for scope in Scope if scope in wanted.scopes],
        maker_id=maker.id,
        maker_login=maker.login,
        created_at=now,
        expires_at=wanted.expires_at,
    )
    if not tokens.insert(session, row, now):
        raise RefusedError(f"there are {MOST_LIVE_TOKENS} tokens already; delete one that nothing uses any more")
    _audit(session, row, "token.make", actor, now, after=_summary(row))
    return row, text


def revoke(session: Any, row: MachineToken, actor: Actor, now: datetime) -> bool:
    """End a token at once and for good; ``False`` where it was ended before, which changes nothing."""
    if not tokens.revoke(session, row.id or 0, now):
        return False
    _audit(session, row, "token.revoke", actor, now, before=_summary(row))
    return True


def recognise(open_session: Callable[..., AbstractContextManager[Any]], text: str, now: datetime) -> Machine:
    """The machine that a token is of, if it is in force at this moment; its use is noted by the minute.

    Asked of the database each time, so that a revoked token is out at once in every process. Raises ``UnprovenError``.
    """
    with open_session(read_only=True) as session:
        row = tokens.by_digest(session, rules.digest(text)) if rules.is_token(text) else None
        if row is None:
            raise UnprovenError("the bridge knows no such machine token")
        found = tokens.state_of(row, now)
    if found is State.REVOKED:
        raise UnprovenError("the machine token was revoked")
    _note_use(open_session, row, now)  # of an expired one too: its maker may wonder what still uses it
    if found is State.EXPIRED:
        raise UnprovenError("the machine token has expired")
    return Machine(row.id or 0, row.owner_id, row.repo_id, row.maker_id, row.maker_login, actions_of(row.scopes))


def _note_use(open_session: Callable[..., AbstractContextManager[Any]], row: MachineToken, now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0)
    if row.last_used_at is not None and row.last_used_at >= minute:
        return
    try:
        with open_session() as session:
            tokens.note_use(session, row.id or 0, minute)
    except UnavailableError:
        pass  # a database that is busy or can't be written still answers who may read; the next minute is noted


def _summary(row: MachineToken) -> dict[str, Any]:
    return {
        "name": row.name,
        "scopes": row.scopes,
        "expires_at": audits.iso(row.expires_at),
        "hint": row.hint,
        "made_by": f"gitea:{row.maker_id}",
    }


def _audit(session: Any, row: MachineToken, action: str, actor: Actor, now: datetime, **what: Any) -> None:
    subject = f"token:{row.id}"
    audits.record(session, actor, action, now, subject=subject, owner_id=row.owner_id, repo_id=row.repo_id, **what)
