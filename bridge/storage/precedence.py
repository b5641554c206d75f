"""Who writes first on SQLite, which has one writer at a time: doors, where somebody waits, before the background.

Whoever has to wait for the turn holds a shared lock on a file beside the database, so that other processes see it; the
system takes the lock back from whoever is killed. PostgreSQL is made for many, and knows nothing of this.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine

ENDING = ".turn-lock"
# The background goes on when nobody has waited for so long, or, however many come, after so long.
QUIET_SECONDS, MOST_SECONDS = 0.03, 0.3
_LOOK_SECONDS = 0.003


@contextmanager
def waiting(database: str | None) -> Iterator[None]:
    """Around a wait for the turn to write in this SQLite file. Where there can be no such lock, nobody is told."""
    lock = -1
    with suppress(OSError):
        lock = _open(database)
        fcntl.flock(lock, fcntl.LOCK_SH)
    try:
        yield
    finally:
        if lock >= 0:
            os.close(lock)


def give_way(engine: Engine) -> None:
    """Before a piece of background work: let those who wait write first, and those who come right behind them."""
    database = engine.url.database if engine.dialect.name == "sqlite" else None
    if database is None or not _somebody_waits(database):
        return
    until = time.monotonic() + MOST_SECONDS
    seen = time.monotonic()
    while time.monotonic() < min(until, seen + QUIET_SECONDS):
        time.sleep(_LOOK_SECONDS)
        if _somebody_waits(database):
            seen = time.monotonic()


def _somebody_waits(database: str) -> bool:
    try:
        lock = _open(database)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _open(database: str | None) -> int:
    if not database or database.startswith((":memory:", "file:")):
        raise FileNotFoundError("no plain file")
    return os.open(f"{database}{ENDING}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
