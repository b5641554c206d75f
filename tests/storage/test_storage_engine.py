"""How databases are opened, and what becomes of a transaction when something goes wrong."""

import os
import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session
from support.databases import ONLY_POSTGRES, ONLY_SQLITE
from support.offices import ACME, NOW, Office

from bridge.errors import SettingsError, UnavailableError
from bridge.models import Heartbeat, Owner
from bridge.storage import schema
from bridge.storage.engine import BUSY_TIMEOUT_MS, is_duplicate, open_engine, session_scope
from bridge.storage.licenses import insert_unless_exists

QUICK_MS = 100


@pytest.fixture
def engine(database_url):
    made = open_engine(database_url, busy_timeout_ms=QUICK_MS)
    yield made
    made.dispose()


def beat(session: Session, name: str = "worker") -> None:
    session.add(Heartbeat(name=name, beat_at=NOW))


def write(engine, *names: str, meanwhile=lambda: None) -> None:
    """One transaction of several statements; ``meanwhile`` happens before the last."""
    with session_scope(engine) as session:
        for name in names[:-1]:
            beat(session, name)
            session.flush()
        meanwhile()
        beat(session, names[-1])
        session.flush()


def beats(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM heartbeat")).scalar_one()


@ONLY_SQLITE
def test_every_connection_to_sqlite_is_durable_and_checks_foreign_keys(database_url):
    engine = open_engine(database_url)
    connections = [engine.connect() for _ in range(3)]
    for connection in connections:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        connection.rollback()
        assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": BUSY_TIMEOUT_MS}
        connection.close()
    engine.dispose()


def test_what_was_done_is_kept_at_the_end_of_the_block(engine):
    with session_scope(engine) as session:
        beat(session)
    assert beats(engine) == 1


def test_moments_are_told_in_utc_wherever_the_server_stands(engine):
    with session_scope(engine) as session:
        beat(session)
    with session_scope(engine, read_only=True) as session:
        told = session.get_one(Heartbeat, "worker").beat_at
    assert (told, told.utcoffset()) == (NOW, timedelta(0))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_undoes_all_of_it(engine, error):
    def fail():
        raise error

    with pytest.raises(error):
        write(engine, "a", "b", meanwhile=fail)
    assert beats(engine) == 0


def test_a_block_that_only_looks_keeps_nothing(engine):
    with session_scope(engine, read_only=True) as session:
        beat(session)
    assert beats(engine) == 0


def test_a_failed_savepoint_leaves_the_rest_of_the_transaction(engine):
    with session_scope(engine) as session:
        beat(session, "a")
        assert insert_unless_exists(session, Heartbeat(name="b", beat_at=NOW))
        assert not insert_unless_exists(session, Heartbeat(name="b", beat_at=NOW))
        beat(session, "c")
    assert beats(engine) == 3


def test_only_a_duplicate_counts_as_somebody_elses_row(engine):
    with pytest.raises(IntegrityError) as caught, session_scope(engine) as session:
        insert_unless_exists(session, Owner(id=1, name="x", kind="neither"))
    assert not is_duplicate(caught.value)


def test_a_locked_database_is_unavailable_after_the_timeout_and_nothing_is_lost(engine):
    with session_scope(engine) as first:
        beat(first)
        first.flush()
        first.execute(text("LOCK TABLE heartbeat")) if engine.dialect.name == "postgresql" else None
        with pytest.raises(UnavailableError, match=r"(locked|lock timeout).*try again, and see `bridge db check`"):
            write(engine, "second")
    write(engine, "again")
    assert beats(engine) == 2


@ONLY_SQLITE
def test_readers_do_not_wait_for_a_writer(engine):
    with session_scope(engine) as writer:
        beat(writer)
        writer.flush()
        with session_scope(engine, read_only=True) as reader:
            assert reader.get(Heartbeat, "worker") is None


def test_writers_that_read_first_take_turns_instead_of_failing(database_url):
    engine = open_engine(database_url)
    with session_scope(engine) as session:
        session.add(Owner(id=ACME, name="acme", kind="org"))
    barrier, errors = threading.Barrier(8), []

    def raise_revision():
        barrier.wait()
        try:
            for _ in range(5):
                with session_scope(engine) as session:
                    owner = session.get_one(Owner, ACME, with_for_update=True)
                    owner.revision += 1
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=raise_revision) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with session_scope(engine, read_only=True) as session:
        assert session.get_one(Owner, ACME).revision == 40
    engine.dispose()


@ONLY_SQLITE
def test_a_full_disk_is_unavailable_and_loses_nothing(engine, database_url):
    with session_scope(engine) as session:
        beat(session)
        session.flush()
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}"))
    with pytest.raises(UnavailableError, match="database or disk is full"):
        write(engine, *(f"{number} {'x' * 1000}" for number in range(50)))
    assert beats(engine) == 1
    roomy = open_engine(database_url)  # the bound was the other connections' own
    write(roomy, "room again")
    with roomy.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert beats(roomy) == 2
    roomy.dispose()


def test_a_file_that_is_no_database_is_unavailable(tmp_path):
    (tmp_path / "x.db").write_bytes(b"This is a text, and quite a long one, as texts go. " * 50)
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(UnavailableError, match="file is not a database"):
        write(engine, "a")
    engine.dispose()


def test_a_directory_for_the_file_is_made(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'a' / 'b' / 'x.db'}")
    schema.upgrade(engine)
    assert (tmp_path / "a" / "b" / "x.db").exists()
    engine.dispose()


@ONLY_POSTGRES
def test_a_connection_that_the_server_cut_is_replaced(engine, database_url, postgres_server):
    with session_scope(engine) as session:
        beat(session)
    postgres_server.cut(database_url)
    with session_scope(engine) as session:
        beat(session, "afterwards")
    assert beats(engine) == 2


@ONLY_POSTGRES
def test_a_connection_that_is_cut_in_the_middle_is_unavailable_and_keeps_nothing(engine, database_url, postgres_server):
    with pytest.raises(UnavailableError, match="does not answer"):
        write(engine, "a", "b", meanwhile=lambda: postgres_server.cut(database_url))
    assert beats(engine) == 0


def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told(tmp_path):
    engine = open_engine(f"postgresql://bridge:hunter2@/bridge?host={tmp_path}")
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        write(engine, "a")
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__} {engine!r} {engine.url}"


@pytest.mark.parametrize("url", ["postgresql://b:hunter2@db:port/bridge", "hunter2"])
def test_an_address_that_cannot_be_read_is_told_without_its_password(url):
    with pytest.raises(SettingsError, match=r"database\.url: can't be read; a valid one is") as caught:
        open_engine(url)
    assert "hun" not in str(caught.value).replace("bridge:secret", "")


@ONLY_POSTGRES
def test_what_postgresql_cannot_hold_is_a_mistake_of_ours_and_not_an_outage(office: Office):
    with pytest.raises(DataError), office.session() as session:
        session.add(Owner(id=9, name="a\0b", kind="org"))


@ONLY_SQLITE
def test_a_transaction_that_was_killed_is_as_if_it_never_was(engine, database_url):
    path = database_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO heartbeat VALUES ('killed', '2026-01-01')")
    connection.close()  # without COMMIT, as a process that ends does
    assert beats(engine) == 0


def test_a_new_sqlite_file_and_its_journals_are_closed_to_everybody_else(tmp_path):
    before = os.umask(0o022)
    try:
        engine = open_engine(f"sqlite:///{tmp_path / 'new' / 'bridge.db'}")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
            made = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
        engine.dispose()
    finally:
        os.umask(before)
    assert made["bridge.db"] == 0o600
    assert set(made.values()) == {0o600}
    assert "bridge.db-wal" in made


def test_an_existing_sqlite_file_keeps_the_mode_that_it_was_given(tmp_path):
    path = tmp_path / "bridge.db"
    path.touch(mode=0o600)
    path.chmod(0o640)
    engine = open_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    engine.dispose()
    assert path.stat().st_mode & 0o777 == 0o640
