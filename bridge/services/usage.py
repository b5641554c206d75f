"""Counts what happens, in memory first: an answer never waits for a count. Flushed within a second and at exit."""

import logging
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

from bridge.errors import BridgeError
from bridge.storage import sites, tallies, usage
from bridge.storage.usage import Use

FLUSH_SECONDS = 0.8
# Made-up versions must not fill the memory: beyond this many different lines they are counted without details.
MOST_LINES = 20_000
# Answers are sorted by how long they took, in seconds: what is quick, what a person notices, what is out of order.
BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, float("inf"))
_BOUNDS = tuple(f"{bound:g}" for bound in BOUNDS)

log = logging.getLogger(__name__)


class UsageBuffer:
    """One process's counts since the last flush. Its thread starts with the first count, after any fork."""

    def __init__(
        self, open_session: Callable[[], AbstractContextManager[Any]], flush_seconds: float = FLUSH_SECONDS
    ) -> None:
        self._open_session = open_session
        self._flush_seconds = flush_seconds
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._counts: Counter[Use] = Counter()
        self._seen: dict[int, datetime] = {}
        self._took: Counter[Use] = Counter()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def count(self, use: Use, site_id: int | None = None, now: datetime | None = None) -> None:
        """Note one event, and that a site was seen."""
        with self._lock:
            before = self._counts.get(use, 0)
            if not before and len(self._counts) >= MOST_LINES:
                use = use._replace(site="", version="", cms="", php="")
                before = self._counts.get(use, 0)
            self._counts[use] = before + 1
            if site_id is not None and now is not None:
                self._seen[site_id] = now
        if self._thread is None:
            self._start()

    def took(self, kind: str, seconds: float, day: date) -> None:
        """Note how long an answer of this kind took."""
        bound = _BOUNDS[bisect_left(BOUNDS, seconds)]
        with self._lock:
            self._took[tallies.use(day, kind, tallies.TOOK, bound)] += 1
            self._took[tallies.use(day, kind, tallies.MICROSECONDS)] += max(1, round(seconds * 1_000_000))
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what has gathered; what was counted before is written when this returns.

        Where the database does not answer, it is kept for the next time.
        """
        with self._flushing:
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            seen, self._seen = self._seen, {}
            took, self._took = self._took, Counter()
        if not counts and not seen and not took:
            return
        try:
            with self._open_session() as session:
                usage.add(session, counts)
                sites.touch(session, seen)
                # Last, since all processes write these few rows, and hold each until their transaction ends.
                usage.add(session, took | _totals(counts))
        except BridgeError as error:
            log.warning("usage counts are kept for later: %s", error)
            with self._lock:
                self._counts.update(counts)
                self._seen = seen | self._seen
                self._took.update(took)

    def close(self) -> None:
        """Stop the thread and write the rest."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.flush()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._flush_seconds):
            self.flush()


def _totals(counts: Counter[Use]) -> Counter[Use]:
    """The same for the whole installation."""
    totals: Counter[Use] = Counter()
    for use, count in counts.items():
        totals[tallies.use(use.day, use.kind, use.code)] += count
    return totals
