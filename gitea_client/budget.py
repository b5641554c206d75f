"""A limit to how often Gitea is asked, and a switch that stops asking while it is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gitea_client.errors import GiteaError, Unreachable

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class RequestBudget:
    """A token bucket: call it before each request and it waits until the request fits.

    Allows ``requests_per_second`` on average and one second's worth at once. Safe to share among threads and clients.
    """

    def __init__(self, requests_per_second: float, *, clock: Clock = time.monotonic, sleep: Sleep = time.sleep) -> None:
        if requests_per_second <= 0:
            raise ValueError("requests_per_second must be above 0")
        self._per_second = requests_per_second
        self._burst = max(1.0, requests_per_second)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._counted_at = clock()

    def __call__(self) -> None:
        """Take one request out of the budget, after waiting as long as needed."""
        wait = self._take()
        if wait > 0:
            self._sleep(wait)

    def _take(self) -> float:
        # The balance may go below zero: each waiting thread has booked a later moment of its own.
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._per_second)
            self._counted_at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._per_second)


class CircuitBreaker:
    """After ``threshold`` failures in a row, refuses at once for ``open_seconds``; then one probe decides.

    A failure is ``Unreachable``; any other answer, also an unwelcome one, shows that Gitea lives.
    """

    def __init__(self, *, threshold: int = 5, open_seconds: float = 10.0, clock: Clock = time.monotonic) -> None:
        self._threshold = threshold
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether the next request would be refused."""
        with self._lock:
            return self._refuses()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Wrap one request: raises ``Unreachable`` while open, and learns from how the block ends."""
        self._admit()
        try:
            yield
        except Unreachable:
            self._failed()
            raise
        except GiteaError:
            self._succeeded()
            raise
        except BaseException:
            self._abandoned()
            raise
        self._succeeded()

    def _refuses(self) -> bool:
        return self._open_until is not None and (self._probing or self._clock() < self._open_until)

    def _admit(self) -> None:
        with self._lock:
            if self._refuses():
                raise Unreachable("not asked: Gitea did not answer lately")
            self._probing = self._open_until is not None

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._probing = False
            if self._failures >= self._threshold:
                self._open_until = self._clock() + self._open_seconds

    def _succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._probing = False
            self._open_until = None

    def _abandoned(self) -> None:
        # The request was never made (its budget refused, the program is ending), so it proves nothing.
        with self._lock:
            self._probing = False
