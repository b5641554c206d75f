"""On SQLite whoever waits for the turn to write goes before the background."""

import fcntl
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.storage import precedence
from bridge.storage.engine import open_engine, session_scope
from bridge.storage.precedence import ENDING, give_way

BACKGROUND_SECONDS = 0.03


@pytest.fixture
def engine(sqlite_url):
    made = open_engine(sqlite_url)
    yield made
    made.dispose()


@pytest.fixture
def patient(monkeypatch):
    """However slow the machine is, the background gives way for as long as somebody waits."""
    monkeypatch.setattr(precedence, "MOST_SECONDS", 60.0)


def write(engine, seconds=0.0):
    with session_scope(engine) as session:
        session.execute(text("UPDATE owner SET name = name"))
        time.sleep(seconds)


def test_who_waits_is_let_in_after_the_one_piece_of_work_that_is_under_way(engine, patient):
    """Without giving way, dozens of pieces were begun while one waited for its turn."""
    begun, stop = [], threading.Event()

    def background():
        while not stop.is_set():
            give_way(engine)
            begun.append(1)
            write(engine, BACKGROUND_SECONDS)

    thread = threading.Thread(target=background)
    thread.start()
    waited = []
    try:
        for _ in range(5):
            time.sleep(BACKGROUND_SECONDS)
            before = len(begun)
            write(engine)
            waited.append(len(begun) - before)
    finally:
        stop.set()
        thread.join()
    assert sum(waited) <= 3 * len(waited)


@contextmanager
def held(engine, mode):
    with Path(f"{engine.url.database}{ENDING}").open("w") as lock:
        fcntl.flock(lock, mode)
        yield


def test_the_background_goes_on_after_a_while_however_many_wait(engine, monkeypatch):
    monkeypatch.setattr(precedence, "MOST_SECONDS", 0.1)
    began = time.monotonic()
    with held(engine, fcntl.LOCK_SH):
        give_way(engine)
        assert time.monotonic() - began >= 0.1
        write(engine)


def test_where_nobody_waits_nothing_is_waited_for(engine, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    give_way(engine)
    give_way(open_engine("postgresql://nobody@127.0.0.1:1/nothing"))
    give_way(open_engine("sqlite:///:memory:"))


def test_who_waits_is_seen_and_is_seen_no_longer_afterwards(engine):
    with session_scope(engine) as session:
        session.execute(text("UPDATE owner SET name = name"))
        thread = threading.Thread(target=write, args=(engine,))
        thread.start()
        until = time.monotonic() + 60
        while not precedence._somebody_waits(engine.url.database):
            assert time.monotonic() < until
            time.sleep(0.005)
    thread.join()
    assert not precedence._somebody_waits(engine.url.database)
