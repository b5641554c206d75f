"""How often one address may come with what is wrong. What is right is never held up: many share an address."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
_MOST_ORIGINS = 20_000


class Throttle:
    """Counts failures by origin in windows of a minute, in this process."""

    def __init__(self, clock: Callable[[], datetime], most: int) -> None:
        self._clock = clock
        self._most = most
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, origin: str) -> None:
        """One more failure."""
        with self._lock:
            since, count = self._current(origin)
            self._counts[origin] = (since, count + 1)
            self._counts.move_to_end(origin)
            while len(self._counts) > _MOST_ORIGINS:
                self._counts.popitem(last=False)

    def is_over(self, origin: str) -> bool:
        """Whether this origin has failed too often within the minute."""
        with self._lock:
            return self._current(origin)[1] >= self._most

    def _current(self, origin: str) -> tuple[datetime, int]:
        now = self._clock()
        since, count = self._counts.get(origin, (now, 0))
        return (since, count) if timedelta(0) <= now - since < WINDOW else (now, 0)
