"""Who signed in and is still here. A cookie's text is a secret and is kept as a digest only."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import UnavailableError
from bridge.models import PersonSession
from bridge.rules.person_sessions import FORM_KEPT, SessionFacts, State, state
from bridge.services.sign_in import SignedIn
from bridge.storage import person_sessions as rows

MOST_DRAFT_CHARACTERS = 100_000
_MOST_NOTICES = 5
_ENTROPY_BYTES = 32
_COOKIE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in, as of this request. ``id`` lasts; the login may be another's tomorrow."""

    id: int
    login: str
    full_name: str
    theme: str
    language: str
    digest: str
    state: State


def digest_of(cookie: str) -> str:
    """Under what a session is kept."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def open_one(session: Any, who: SignedIn, cookie_before: str, entropy: Callable[[int], bytes], now: datetime) -> str:
    """A new session; returns what its cookie holds. A form that the person's former one kept comes along."""
    text = entropy(_ENTROPY_BYTES).hex()
    row = PersonSession(
        digest=digest_of(text),
        person_id=who.id,
        login=who.login,
        full_name=who.full_name[:200],
        theme=who.theme[:100],
        language=who.language[:20],
        created_at=now,
        last_seen_at=now,
    )
    former = rows.hold(session, digest_of(cookie_before)) if cookie_before else None
    if former is not None:
        fresh = former.person_id == who.id and now - former.last_seen_at < FORM_KEPT
        row.draft = former.draft if fresh and former.ended_at is None else None
        row.notices = former.notices if fresh else []
        former.draft, former.notices, former.ended_at = None, [], former.ended_at or now
        session.add(former)
    session.add(row)
    session.flush()
    return text


def recognise(open_session: Callable[..., AbstractContextManager[Any]], cookie: str, now: datetime) -> Visitor | None:
    """Whose session a cookie is of; asked of the database each time, so one that ended is over everywhere."""
    if not _COOKIE.fullmatch(cookie):
        return None
    with open_session(read_only=True) as session:
        row = rows.by_digest(session, digest_of(cookie))
    if row is None:
        return None
    found = state(SessionFacts(row.created_at, row.last_seen_at, row.ended_at), now)
    if found is State.LIVE:
        _note_use(open_session, row, now)
    return Visitor(row.person_id, row.login, row.full_name, row.theme, row.language, row.digest, found)


def keep_draft(session: Any, visitor: Visitor, address: str, fields: Sequence[tuple[str, str]]) -> bool:
    """Keep a form that came too late, until its person is back. ``False`` where it can't be kept."""
    row = rows.hold(session, visitor.digest)
    if row is None or row.ended_at is not None:
        return False
    if sum(len(name) + len(value) for name, value in fields) > MOST_DRAFT_CHARACTERS:
        return False
    row.draft = {"address": address, "fields": [list(each) for each in fields]}
    session.add(row)
    return True


def draft_for(
    open_session: Callable[..., AbstractContextManager[Any]], visitor: Visitor, address: str
) -> list[tuple[str, str]] | None:
    """The form that waits for this address, which then waits no longer."""
    with open_session(read_only=True) as session:
        row = rows.by_digest(session, visitor.digest)
        if row is None or row.draft is None or row.draft.get("address") != address:
            return None
    with open_session() as session:
        held = rows.hold(session, visitor.digest)
        kept = held.draft if held is not None else None
        if held is not None and kept is not None:
            held.draft = None
            session.add(held)
    return [(str(name), str(value)) for name, value in kept["fields"]] if kept else None


def tell(session: Any, visitor: Visitor, notice: Mapping[str, str]) -> None:
    """Have something said on the person's next page."""
    row = rows.hold(session, visitor.digest)
    if row is not None:
        row.notices = [*row.notices, dict(notice)][-_MOST_NOTICES:]
        session.add(row)


def take_notices(open_session: Callable[..., AbstractContextManager[Any]], visitor: Visitor) -> list[dict[str, str]]:
    """What is to be said, once."""
    with open_session(read_only=True) as session:
        row = rows.by_digest(session, visitor.digest)
        if row is None or not row.notices:
            return []
    with open_session() as session:
        held = rows.hold(session, visitor.digest)
        if held is None:
            return []
        told, held.notices = list(held.notices), []
        session.add(held)
    return told


def _note_use(open_session: Callable[..., AbstractContextManager[Any]], row: PersonSession, now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0)
    if row.last_seen_at >= minute:
        return
    try:
        with open_session() as session:
            rows.note_use(session, row.digest, minute)
    except UnavailableError:
        pass  # a database that is busy still shows pages; the next minute is noted
