"""One after the other: for what takes longer than a transaction should, and is not for two at once.

PostgreSQL keeps such a lock for whoever asks from any machine. A SQLite file has one machine, so there it is a locked
file beside the database's own. Either is given back when the process that holds it dies.
"""

import fcntl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import text

from bridge.errors import UnavailableError
from bridge.storage.engine import BUSY_TIMEOUT_MS

# Files stay where they are, so there are few; two names that share one only wait for each other.
_FILES = 16
_LOOK_AGAIN_SECONDS = 0.05


@contextmanager
def in_turn(open_session: Callable[..., AbstractContextManager[Any]], name: str) -> Iterator[None]:
    """Around what only one at a time may do with the thing of this name. No transaction of the caller is open.

    Raises ``UnavailableError`` where the turn does not come within ten seconds.
    """
    number = zlib.crc32(name.encode())
    with open_session(read_only=True) as session:
        bind = session.get_bind()
        if bind.dialect.name != "sqlite":
            session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
            yield  # the transaction ends with it, and so does the lock
            return
        database = Path(bind.url.database or "")
    with _file(database, number % _FILES) as file:
        _wait_for(file)
        yield


def _file(database: Path, number: int) -> IO[str]:
    real = database.resolve()
    return real.with_name(f"{real.name}.turn-{number}").open("w", encoding="ascii")


def _wait_for(file: IO[str]) -> None:
    for _ in range(int(BUSY_TIMEOUT_MS / 1000 / _LOOK_AGAIN_SECONDS)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return
    raise UnavailableError("somebody else is changing the same; try again in a moment")
