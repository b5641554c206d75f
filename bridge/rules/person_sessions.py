"""How long somebody who signed in stays so. Signing in again is silent, so this is short."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

IDLE = timedelta(minutes=30)
LASTS = timedelta(hours=12)
# So long after its last use a session that is over still keeps a form for its person.
FORM_KEPT = timedelta(hours=12)


class State(StrEnum):
    """``over``: of itself, so that its person may go on where they were; ``ended``: by somebody's word."""

    LIVE = "live"
    OVER = "over"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """When a session began, was last used, and was ended, as aware datetimes."""

    created_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None = None


def state(facts: SessionFacts, now: datetime) -> State:
    """Return what a session is. A clock that was set back proves nothing: then it is over."""
    if facts.ended_at is not None:
        return State.ENDED
    if facts.created_at <= now < facts.created_at + LASTS and now < facts.last_seen_at + IDLE:
        return State.LIVE
    return State.OVER


def is_own_path(text: str) -> bool:
    """Whether a text is an address on this server to send a browser to: a path, however a browser reads it."""
    printable = text.isascii() and text.isprintable() and " " not in text
    return printable and text.startswith("/") and not text.startswith("//") and "\\" not in text
