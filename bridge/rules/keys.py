"""The state of a license key: computed from facts and ``now``, never stored."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

Hold = Literal["suspend", "revoke"]
PERSON = "person"
# Why the money holds a key back, with a sentence for whoever uses it.
HELD_BECAUSE = {
    "refunded": "the payment was refunded",
    "chargeback": "the payment was charged back",
    "dispute": "the payment is disputed",
    "unpaid": "the subscription is not paid",
    "paused": "the subscription is paused",
    "seat_removed": "the purchase was reduced to fewer keys",
}


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
    """The dated facts about a key, as aware datetimes; None means that it has not happened, or never ends.

    ``revoked_at`` and ``suspended_at`` are a person's word, ``payment_hold`` is what came of the money, with a reason
    that is one of ``HELD_BECAUSE``. ``paid_grace_until``: payments leave it at least until then, beside the grace.
    """

    starts_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    suspended_at: datetime | None = None
    payment_hold: Hold | None = None
    payment_reason: str = ""
    paid_grace_until: datetime | None = None


def state(facts: KeyFacts, grace: timedelta, now: datetime) -> State:
    """Return the first state that applies. Windows are half-open: at ``expires_at`` itself the key is past it."""
    if facts.revoked_at is not None or facts.payment_hold == "revoke":
        return State.REVOKED
    if facts.suspended_at is not None or facts.payment_hold == "suspend":
        return State.SUSPENDED
    if now < facts.starts_at:
        return State.NOT_STARTED
    if facts.expires_at is None or now < facts.expires_at:
        return State.ACTIVE
    if now < _end_of_grace(facts, facts.expires_at, grace):
        return State.GRACE
    return State.EXPIRED


def grace_until(facts: KeyFacts, grace: timedelta) -> datetime | None:
    """Return the moment from which the key works no more (exclusive), or None for a key that never expires."""
    return None if facts.expires_at is None else _end_of_grace(facts, facts.expires_at, grace)


def held_because(facts: KeyFacts) -> str:
    """Return who or what holds the key back: "person", a reason of ``HELD_BECAUSE``, or "" for a key that is free."""
    if facts.revoked_at is not None:
        return PERSON
    if facts.payment_hold == "revoke":
        return facts.payment_reason
    if facts.suspended_at is not None:
        return PERSON
    return facts.payment_reason if facts.payment_hold is not None else ""


def _end_of_grace(facts: KeyFacts, expires_at: datetime, grace: timedelta) -> datetime:
    try:
        end = expires_at + max(grace, timedelta())
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
    return end if facts.paid_grace_until is None else max(end, facts.paid_grace_until)
