"""Who may work on one SQLite file at once: many processes of one `serve`, but no second `serve`, and no restore.

Two of them would not harm the data, but each would count on the other's port, memory and pace: it is always a mistake.
Locks are held by open files, so a killed process gives them back.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bridge.errors import ConflictError
from bridge.settings import Settings
from bridge.storage.dumps import sqlite_file

# Held for the life of the process.
_held: list[IO[str]] = []


def be_the_only_server(settings: Settings) -> None:
    """For the life of this process, let no other ``serve`` start on this SQLite file. Raises ``ConflictError``."""
    _take(settings, "serve", fcntl.LOCK_EX, "another `bridge serve` is running on")


def use_database(settings: Settings) -> None:
    """For the life of this process, let nobody put another file in the database's place. Raises ``ConflictError``."""
    _take(settings, "use", fcntl.LOCK_SH, "a restore is running on")


@contextmanager
def nobody_serves(settings: Settings) -> Iterator[None]:
    """Around a restore. Raises ``ConflictError`` while a web or background worker runs on this SQLite file."""
    before = len(_held)
    _take(settings, "use", fcntl.LOCK_EX, "stop `bridge serve` first; it is running on")
    try:
        yield
    finally:
        for lock in _held[before:]:
            lock.close()
        del _held[before:]


def _take(settings: Settings, name: str, mode: int, sentence: str) -> None:
    database = sqlite_file(settings.database.url)
    if database is None:
        return  # PostgreSQL is made for many
    # Beside the file itself, found through links: the same database under two names is still one.
    real = Path(database).resolve()
    real.parent.mkdir(parents=True, exist_ok=True)
    lock = real.with_name(f"{real.name}.{name}-lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ConflictError(f"{sentence} {real}; several machines or programs need PostgreSQL") from None
    _held.append(lock)
