"""The state of a license key: computed from facts and ``now``, never stored."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """What a key is at one moment; the members stand in order of precedence."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    GRACE = "grace"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The dated facts about a key, as aware datetimes; None means that it has not happened, or never ends."""

    starts_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    suspended_at: datetime | None = None


def state(facts: KeyFacts, grace: timedelta, now: datetime) -> State:
    """Return the first state that applies. Windows are half-open: at ``expires_at`` itself the key is past it."""
    if facts.revoked_at is not None:
        return State.REVOKED
    if facts.suspended_at is not None:
        return State.SUSPENDED
    if now < facts.starts_at:
        return State.NOT_STARTED
    if facts.expires_at is None or now < facts.expires_at:
        return State.ACTIVE
    if now < _end_of_grace(facts.expires_at, grace):
        return State.GRACE
    return State.EXPIRED


def grace_until(facts: KeyFacts, grace: timedelta) -> datetime | None:
    """Return the moment from which the key works no more (exclusive), or None for a key that never expires."""
    return None if facts.expires_at is None else _end_of_grace(facts.expires_at, grace)


def _end_of_grace(expires_at: datetime, grace: timedelta) -> datetime:
    try:
        return expires_at + max(grace, timedelta())
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
