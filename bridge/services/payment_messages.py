"""Queues what people should hear about a purchase, each occasion once, in the transaction that brought it about."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.models import Purchase
from bridge.rules.payments import messages
from bridge.rules.payments.messages import Message
from bridge.rules.payments.outcome import Flag
from bridge.services.purchases_recompute import KeyChange, Recomputed
from bridge.storage import outbox

_SHOWN = ("hold", "reason", "paid_until")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a purchase stood before something was told."""

    status: str
    flags: frozenset[str]
    reviews: tuple[str, ...]

    @classmethod
    def of(cls, purchase: Purchase) -> "Standing":
        """As it stands now."""
        return cls(purchase.status, frozenset(purchase.flags), tuple(purchase.reviews))


def put(
    session: Any, message: Message, purchase: Purchase, once: str, now: datetime, what: dict[str, Any] | None = None
) -> bool:
    """Queue a message about a purchase; ``False`` where the occasion had one before."""
    return outbox.put(
        session,
        f"{message}:{purchase.id}:{once}",
        str(message),
        purchase.owner_id,
        now,
        due_at=now + messages.wait(message),
        purchase_id=purchase.id,
        reference=what,
    )


def after(
    session: Any, purchase: Purchase, before: Standing, found: Recomputed, event_row_id: int, now: datetime
) -> None:
    """Queue what follows from a change. ``event_row_id`` names the occasion of a change that may come again."""
    if found.made:
        # A key is made once, so the first of them names the occasion.
        put(session, Message.KEYS, purchase, str(found.made[0]), now, {"keys": list(found.made)})
        if not purchase.customer_email:
            put(session, Message.NO_ADDRESS, purchase, "", now, {"keys": list(found.made)})
    for change in found.changed:
        if (change.before["hold"], change.before["reason"]) != (change.after["hold"], change.after["reason"]):
            put(session, Message.KEY_STATE, purchase, f"{change.key_id}:{event_row_id}", now, _told(change))
    free = [change.key_id for change in found.changed if change.before["hold"] and not change.after["hold"]]
    untold = outbox.untold(session, purchase.id or 0, Message.KEYS, free)
    if untold:  # they were held when they were to be mailed
        put(session, Message.KEYS, purchase, f"{untold[0]}:{event_row_id}", now, {"keys": untold})
    reviews = [each for each in purchase.reviews if each not in before.reviews]
    if reviews:
        digest = hashlib.sha256("\n".join(reviews).encode()).hexdigest()[:32]
        put(session, Message.REVIEW, purchase, digest, now, {"reviews": reviews})
    if Flag.STILL_RENEWING in purchase.flags and Flag.STILL_RENEWING not in before.flags:
        put(session, Message.STILL_RENEWING, purchase, str(event_row_id), now)


def _told(change: KeyChange) -> dict[str, Any]:
    return {
        "key": change.key_id,
        "before": {name: change.before[name] for name in _SHOWN},
        "after": {name: change.after[name] for name in _SHOWN},
    }
