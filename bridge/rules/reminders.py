"""When a customer is reminded that a key ends: some days before, once each, and never of what was bought just now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bridge.rules.terms import Term

_DAYS = {"annual": 365, "monthly": 30}


def step(ends_at: datetime, now: datetime, length_days: float, steps: Iterable[int]) -> int | None:
    """The step that counts now: the nearest to the end of those that began; ``None`` where none did.

    One only, so that a worker that was away for days sends one mail and not all of them. A step counts where the term
    is twice as long at least: nobody who buys a month is reminded of its end on the same day.
    """
    left = ends_at - now
    if left <= timedelta():
        return None
    begun = [each for each in steps if left <= timedelta(days=each)]
    nearest = min(begun, default=None)
    return nearest if nearest is not None and 2 * nearest <= length_days else None


def length_days(term: Term, starts_at: datetime, ends_at: datetime) -> float:
    """How long a key lasts from one renewal to the next, as far as its package or its own dates say."""
    whole = (ends_at - starts_at) / timedelta(days=1)
    own = float(term.days) if term.days is not None else _DAYS.get(term.kind)
    return whole if own is None else min(whole, own)
