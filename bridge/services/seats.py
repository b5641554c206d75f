"""How many of the machine's web workers may wait for others at once: never all, so that feeds are always answered.

A worker answers one request at a time. While Gitea or a payment provider is slow, calls of the API and pages would
otherwise take up every worker, and sites would wait with them. A seat is taken by the first question to Gitea and held
to the end of the request: whoever is answered from memory needs none. Seats are locked files: a killed worker gives its
seat back.
"""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from bridge.errors import BusyError


class Seats:
    """So many at once, over all workers that share the directory; one at least."""

    def __init__(self, directory: Path, workers: int) -> None:
        self._directory = directory
        self._count = max(1, workers - 1)

    @contextmanager
    def offered(self) -> Iterator[None]:
        """Around a request, for as long as it may ask Gitea something."""
        with ExitStack() as held:
            former = _offer.set(_Offer(self, held))
            try:
                yield
            finally:
                _offer.reset(former)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Around what will surely wait for somebody. Raises ``BusyError`` where all seats are taken."""
        with self.offered():
            take()
            yield

    def sit_down(self, held: ExitStack) -> None:
        """Take a seat until ``held`` is closed. Raises ``BusyError`` where all are taken."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for number in range(self._count):
            seat = (self._directory / f"api-seat-{number}").open("w", encoding="ascii")
            try:
                fcntl.flock(seat, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                seat.close()
                continue
            held.callback(seat.close)
            return
        raise BusyError("too many requests wait at once; try again in a moment")


class _Offer:
    """What one request may do: sit down once."""

    def __init__(self, seats: Seats, held: ExitStack) -> None:
        self._seats, self._held = seats, held
        self._seated = False

    def take(self) -> None:
        if not self._seated:
            self._seats.sit_down(self._held)
            self._seated = True


_offer: ContextVar[_Offer | None] = ContextVar("seat", default=None)


def take() -> None:
    """Before each question to Gitea: sit down, if that was offered. Raises ``BusyError`` where all seats are taken.

    The worker and the command line are offered none and need none: no site waits for them.
    """
    offer = _offer.get()
    if offer is not None:
        offer.take()
