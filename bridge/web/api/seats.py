"""How many of the machine's web workers may wait for Gitea at once: never all, so that feeds are always answered.

A worker answers one request at a time. While Gitea is slow, calls of the API would otherwise take up every worker, and
sites would wait with them. Seats are locked files: a killed worker gives its seat back.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.web.api.errors import ApiError

_RETRY_SECONDS = "2"


class Seats:
    """So many calls at once, over all workers that share the directory; one at least."""

    def __init__(self, directory: Path, workers: int) -> None:
        self._directory = directory
        self._count = max(1, workers - 1)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a seat. Raises ``ApiError`` (503, with when to try again) where all are taken."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for number in range(self._count):
            with (self._directory / f"api-seat-{number}").open("w", encoding="ascii") as seat:
                try:
                    fcntl.flock(seat, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield
                return
        raise ApiError(
            "unavailable", "too many calls at once; try again in a moment", {}, {"Retry-After": _RETRY_SECONDS}
        )
