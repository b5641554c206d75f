"""A whole database as one file, taken while others write, and back again."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, inspect
from sqlalchemy.engine import make_url

from bridge.errors import RefusedError, UnavailableError
from bridge.storage.engine import answering, open_engine

_LONGEST_DUMP_SECONDS = 24 * 3600


def kind(url: str) -> str:
    """``sqlite`` or ``postgresql``."""
    return make_url(url).get_backend_name()


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; ``None`` for any other, and for one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return None
    return Path(str(parsed.database))


def dump(url: str, target: Path) -> None:
    """Write the database as it is at one moment. Raises ``UnavailableError``."""
    file = sqlite_file(url)
    if file is None:
        _postgres("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        return
    if not file.is_file():
        raise UnavailableError(f"there is no database at {file}; `bridge db upgrade` makes one")
    with _reading_sqlite(file), closing(_opened(file)) as source, closing(sqlite3.connect(target)) as copy:
        # All pages in one step: a snapshot that writers neither wait for nor start anew.
        source.backup(copy)
        # The copy is one file, whoever opens it first.
        copy.execute("PRAGMA journal_mode = DELETE")


def is_empty(url: str) -> bool:
    """Whether there are no tables of anybody's in the database. Raises ``UnavailableError``."""
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        return True
    engine = open_engine(url)
    try:
        with answering():
            return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def load(url: str, source: Path, *, over: bool = False, aside: str = "old") -> Path | None:
    """Make the database what the dump says. ``over``: also one that holds something.

    A SQLite file that was there is kept beside the new one, with ``aside`` in its name; it is returned. On PostgreSQL
    everything is replaced in one transaction. Raises ``RefusedError`` for a dump that is damaged, ``UnavailableError``.
    """
    file = sqlite_file(url)
    if file is not None:
        return _place(source, file, aside)
    words = ["--clean", "--if-exists"] if over else []
    _postgres("pg_restore", url, "--single-transaction", "--no-owner", "--no-privileges", *words, str(source))
    return None


def _place(source: Path, file: Path, aside: str) -> Path | None:
    with _reading_sqlite(source), closing(sqlite3.connect(source)) as copy:
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise RefusedError(f"the database in the backup is damaged: {verdict}")
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".restored")
    shutil.copyfile(source, fresh)
    fresh.chmod(0o600)
    kept = None
    if file.exists():
        with _reading_sqlite(file), closing(_opened(file)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = file.with_name(f"{file.name}.{aside}")
        file.replace(kept)
    for rest in ("-wal", "-shm"):  # of the file that went; the new one must not take them for its own
        file.with_name(file.name + rest).unlink(missing_ok=True)
    fresh.replace(file)
    return kept


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=30)


@contextmanager
def _reading_sqlite(file: Path) -> Iterator[None]:
    """Around each use of a file: raises ``UnavailableError`` where it is no database, damaged or locked."""
    try:
        yield
    except sqlite3.Error as error:
        raise UnavailableError(f"{file.name} can't be read as a database: {error}") from error


def _postgres(program: str, url: str, *words: str) -> None:
    """Run one of PostgreSQL's own programs. The password goes by the environment: others may read our arguments."""
    if shutil.which(program) is None:
        raise UnavailableError(f"{program} is not installed; it comes with PostgreSQL's client package")
    parsed: URL = make_url(url)
    bare = parsed.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    try:
        subprocess.run(  # noqa: S603  a fixed program, and no shell
            [program, f"--dbname={bare}", *words],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=_LONGEST_DUMP_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"{program} failed: {reason}") from None
