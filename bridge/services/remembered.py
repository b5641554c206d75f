"""Answers that are asked for several times within seconds, as by a page and the pictures on it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any

_LASTS = timedelta(seconds=30)
_MOST = 32


class Remembered:
    """A few answers of one process, each for half a minute. Whoever asks has proven before that they may know."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, tuple[datetime, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, now: datetime, make: Callable[[], Any]) -> Any:
        """What is known, or what ``make`` says now."""
        with self._lock:
            found = self._known.get(key)
        if found is not None and found[0] <= now < found[0] + _LASTS:
            return found[1]
        made = make()
        with self._lock:
            self._known[key] = (now, made)
            self._known.move_to_end(key)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return made
