"""Engines and sessions: one place that knows how SQLite and PostgreSQL want to be opened."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlmodel import Session, create_engine

from bridge.errors import SettingsError, UnavailableError
from bridge.storage.precedence import Wait

# How long a statement waits for another's lock before the database counts as away.
BUSY_TIMEOUT_MS = 10_000
_CONNECT_SECONDS = 10
# Between two looks for one's turn; longer from look to look, so that fifty who wait leave the machine to who writes.
_FIRST_LOOK_SECONDS, _LAST_LOOK_SECONDS = 0.002, 0.02
_UNIQUE_VIOLATIONS = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"}

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # FULL: what was answered survives a power cut, not only a killed process. Writes are rare here, so it costs little.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def open_engine(url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine for a ``sqlite:///`` or ``postgresql://`` URL. Nothing is connected yet.

    Raises ``SettingsError`` for what is no URL; the message leaves the URL out, since it may hold a password.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": busy_timeout_ms / 1000})
        event.listen(engine, "do_connect", _make_sqlite_private)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # The second one ends connections whose other end is gone without a word; the system would try for a quarter hour.
    waits = {"connect_timeout": _CONNECT_SECONDS, "tcp_user_timeout": _CONNECT_SECONDS * 1000}
    waits = {name: value for name, value in waits.items() if name not in parsed.query}
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=5,
        connect_args=waits,
    )
    event.listen(engine, "connect", _prepare_postgres(busy_timeout_ms))
    return engine


def has_password(url: str) -> bool:
    """Whether the address of a database holds a password. Raises ``SettingsError`` as ``open_engine`` does."""
    return _parsed(url).password is not None


def in_words(url: str) -> str:
    """The address of a database without its password."""
    return _parsed(url).render_as_string(hide_password=True)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        message = "database.url: can't be read; a valid one is: postgresql://bridge:secret@localhost:5432/bridge"
        raise SettingsError(f"{message} (write a / or @ within the password as %2F or %40)") from None


def _prepare_postgres(busy_timeout_ms: int) -> Callable[[Any, Any], None]:
    def prepare(connection: Any, _record: Any) -> None:
        # Without a limit, one forgotten transaction of somebody's console would hang every worker for good.
        connection.execute(f"SET lock_timeout = {busy_timeout_ms:d}")
        connection.commit()

    return prepare


def _make_sqlite_private(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    # The file holds every license, and its journals take over its mode; whoever shares a group with the bridge (the
    # proxy does, for the sake of the store) has no business there. An existing file keeps the mode that it was given.
    name = str(arguments[0])
    if not name.startswith((":memory:", "file:")) and not Path(name).exists():
        with suppress(OSError):  # what is wrong with the place is told by the connection itself
            Path(name).touch(mode=0o600)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is deferred and comes too late; SQLAlchemy's "begin" event says it instead.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another writer was faster; IMMEDIATE
    # waits for its turn. Readers that never write say so and do not queue.
    if connection.get_execution_options().get("read_only"):
        connection.exec_driver_sql("BEGIN DEFERRED")
    else:
        _begin_in_turn(connection)


def _begin_in_turn(connection: Connection) -> None:
    """Wait for the other writers, looking again within hundredths of a second.

    SQLite's own wait looks ever more rarely, down to ten times a second, so that among many writers some starve.
    """
    wire: Any = connection.connection.dbapi_connection
    [patience_ms] = wire.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + patience_ms / 1000
    wire.execute("PRAGMA busy_timeout = 0")
    wait = Wait(connection)
    try:
        pause = _FIRST_LOOK_SECONDS
        while not _is_over(wire) and time.monotonic() < until:
            wait.tell()
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  no secret: two that wait must not keep step
            pause = min(pause * 1.2, _LAST_LOOK_SECONDS)
        if not wire.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        wait.end()
        wire.execute(f"PRAGMA busy_timeout = {patience_ms:d}")


def _is_over(wire: Any) -> bool:
    """Whether the wait is over: it has begun, or can't for a reason that the caller's own try will tell."""
    try:
        wire.execute("BEGIN IMMEDIATE")
    except sqlite3.DatabaseError as error:  # a damaged file is one, and no operational error
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
    return True


@contextmanager
def session_scope(engine: Engine, *, read_only: bool = False) -> Iterator[Session]:
    """One transaction: committed at the end, rolled back by any exception. Commit stands nowhere else.

    Raises ``UnavailableError`` where the database is locked, full or out of reach.
    """
    bind = engine.execution_options(read_only=True) if read_only else engine
    with answering(), Session(bind, expire_on_commit=False) as session:
        yield session
        if not read_only:
            session.commit()


@contextmanager
def answering() -> Iterator[None]:
    """Around each use of the database: raises ``UnavailableError`` where it is locked, full, damaged, out of reach."""
    try:
        yield
    except NoFreeConnectionError as error:
        raise UnavailableError("all connections to the database are in use; try again in a moment") from error
    except DBAPIError as error:
        if not _is_away(error):
            raise
        reason = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
        raise UnavailableError(
            f"the database does not answer: {reason}; try again, and see `bridge db check`"
        ) from error


def _is_away(error: DBAPIError) -> bool:
    # SQLite reports a damaged file, and one that is no database at all, as the plain base class.
    away = isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError
    return away or error.connection_invalidated


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique constraint was hit, and not a check, a foreign key or a missing value."""
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return name in _UNIQUE_VIOLATIONS


def upsert(session: Session) -> Callable[[Any], Any]:
    """The database's own INSERT that knows ON CONFLICT; both spell it the same."""
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
