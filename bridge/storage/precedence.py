"""Who writes first on SQLite, which has one writer at a time: doors, where somebody waits, before the background.

Whoever has to wait for the turn holds a shared lock on a file beside the database, so that other processes see it; the
system takes the lock back from whoever is killed. The background itself holds none. PostgreSQL is made for many, and
knows nothing of this.
"""

import fcntl
import os
import threading
import time
from pathlib import Path

from sqlalchemy import Connection, Engine

ENDING = ".turn-lock"
# The background goes on when nobody has waited for so long, or, however many come, after so long.
QUIET_SECONDS, MOST_SECONDS = 0.03, 0.3
_LOOK_SECONDS = 0.003
_BACKGROUND = "writes_in_the_background"
# Whoever looks holds the lock for a moment; two threads of one process must not take each other for somebody who waits.
_looking = threading.Lock()


def be_the_background(engine: Engine) -> None:
    """What this engine's connections write from now on is work that nobody waits for."""
    engine.update_execution_options(**{_BACKGROUND: True})


class Wait:
    """One wait for the turn to write in a SQLite file. Where there can be no such lock, nobody is told of it."""

    def __init__(self, connection: Connection) -> None:
        self._database = connection.engine.url.database
        self._lock = -1
        self._is_told = bool(connection.get_execution_options().get(_BACKGROUND))

    def tell(self) -> None:
        """Let the background know, if it does not yet. Never waits itself: who looks just now is told the next time."""
        if self._is_told:
            return
        try:
            if self._lock < 0:
                self._lock = _open(self._database)
            fcntl.flock(self._lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:  # no plain file, or a place without locks
            pass
        self._is_told = True

    def end(self) -> None:
        """It is over."""
        if self._lock >= 0:
            os.close(self._lock)


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
    with _looking:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(lock)
    return False


def _open(database: str | None) -> int:
    if not database or database.startswith((":memory:", "file:")):
        raise FileNotFoundError("no plain file")
    return os.open(f"{Path(database).resolve()}{ENDING}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
