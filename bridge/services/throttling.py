"""How often something may come from one place within a minute: counted here, or in a store that machines share.

The counting is ``limits``' own. A shared store that is away, or slow, is never an error and never a wait: this process
counts for itself until it is back.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

log = logging.getLogger(__name__)

# A minute and an address, at all doors together: mistakes of people and programs stay far below, guessing does not.
MOST_UNKNOWN_KEYS = 60
_MOST_PLACES = 20_000
_AWAY_SECONDS = 5.0
# A request waits no longer than this for the shared store, once in the seconds above.
_PATIENCE_SECONDS = 0.25


class _OwnMemory(Storage):
    """Counts of this process alone, by its own clock. The places that came last are remembered."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._clock = clock
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        with self._lock:
            until, count = self._current(key) or (self._clock() + timedelta(seconds=expiry), 0)
            self._counts[key] = (until, count + amount)
            self._counts.move_to_end(key)
            while len(self._counts) > _MOST_PLACES:
                self._counts.popitem(last=False)
            return count + amount

    def get(self, key: str) -> int:
        with self._lock:
            return (self._current(key) or (None, 0))[1]

    def get_expiry(self, key: str) -> float:
        with self._lock:
            return (self._current(key) or (self._clock(), 0))[0].timestamp()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            count = len(self._counts)
            self._counts.clear()
            return count

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)

    def _current(self, key: str) -> tuple[datetime, int] | None:
        """The count, unless its minute is over, or a clock that was set back makes it last longer than one."""
        found = self._counts.get(key)
        left = found[0] - self._clock() if found else timedelta(0)
        return found if timedelta(0) < left <= timedelta(minutes=1) else None


class Counters:
    """Where one process counts. ``shared_url``: ``redis://`` or ``valkey://``, which speak alike; empty: here."""

    def __init__(
        self, clock: Callable[[], datetime], shared_url: str = "", monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._own = FixedWindowRateLimiter(_OwnMemory(clock))
        self._shared = FixedWindowRateLimiter(_shared_storage(shared_url)) if shared_url else None
        self._monotonic = monotonic
        self._away_until = float("-inf")

    def note(self, item: RateLimitItemPerMinute, *place: str) -> None:
        """One more from there. It is counted here too: if the shared store goes away, what is known is not lost."""
        self._own.hit(item, *place)
        self._ask_shared(lambda shared: shared.hit(item, *place))

    def is_over(self, item: RateLimitItemPerMinute, *place: str) -> bool:
        """Whether as many as may have come from there already."""
        fits = self._ask_shared(lambda shared: shared.test(item, *place))
        return not (self._own.test(item, *place) if fits is None else fits)

    def _ask_shared(self, question: Callable[[FixedWindowRateLimiter], bool]) -> bool | None:
        if self._shared is None or self._monotonic() < self._away_until:
            return None
        try:
            answer = question(self._shared)
        except StorageError as error:
            # The address may hold a password, so only the kind of the fault is told.
            kind = type(error.storage_error).__name__
            log.warning("limits.shared_url does not answer (%s); each process counts for itself meanwhile", kind)
            self._away_until = self._monotonic() + _AWAY_SECONDS
            return None
        return answer


class Throttle:
    """One limit: so many a minute from each place. Limits of the same name count together, also across machines."""

    def __init__(self, counters: Counters, name: str, most: int) -> None:
        self._counters = counters
        self._name = name
        self._item = RateLimitItemPerMinute(most, namespace="bridge")

    def note(self, place: str) -> None:
        """One more from there."""
        self._counters.note(self._item, self._name, place)

    def is_over(self, place: str) -> bool:
        """Whether too many came from there within the minute."""
        return self._counters.is_over(self._item, self._name, place)


def _shared_storage(url: str) -> RedisStorage:
    spoken = url.replace("valkey", "redis", 1) if url.startswith("valkey") else url
    return RedisStorage(
        spoken,
        key_prefix="bridge",
        wrap_exceptions=True,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
    )
