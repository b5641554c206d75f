"""The worker's loop: it beats, works, tidies up and stops when told; no error ends it."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.databases import ONLY_SQLITE
from support.worker_bench import DONE, Bench

from bridge.models import Heartbeat
from bridge.services import figures
from bridge.services.refresh import Seen
from bridge.storage import precedence, refreshes
from bridge.storage.engine import open_engine, session_scope


@pytest.fixture
def bench(installation):
    return Bench(installation)


@ONLY_SQLITE
def test_each_piece_of_background_work_gives_way_first(bench):
    """Whoever waits at a door for the turn to write goes before it."""
    told = []
    ways = {"jobs": {"job": lambda: told.append("work")}, "give_way": lambda: told.append("way")}
    worker = bench.worker(Seen("x", complete=True, served=False), **ways)
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = time.monotonic() + 10
    while "work" not in told and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
    thread.join(10)
    assert told[0] == "way"
    assert "work" in told
    assert bench.made.parts.worker._give_way.func is precedence.give_way


@ONLY_SQLITE
def test_the_loop_beats_works_and_stops_when_told(bench):
    worker = bench.worker(Seen("x", complete=True, served=False), threads=2)
    bench.hook(7)
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = time.monotonic() + 10
    while bench.row(7) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert bench.catalog.looked_at == [7]
    with bench.made.parts.open_session(read_only=True) as session:
        assert session.get_one(Heartbeat, figures.HEARTBEAT).beat_at == bench.clock()
        assert figures.worker_lag_seconds(session, bench.clock.turn(seconds=3)) == 3


@ONLY_SQLITE
def test_a_schedule_that_fails_ends_neither_the_heartbeat_nor_the_work(bench, caplog):
    class Broken:
        def run(self, now):
            raise RuntimeError("a bug in the schedule")

    worker = bench.worker(Seen("x", complete=True, served=False))
    worker._schedule = Broken()
    bench.hook()
    worker.run_once()
    assert bench.catalog.looked_at == [1]
    assert "a bug in the schedule" in caplog.text
    with bench.made.parts.open_session(read_only=True) as session:
        assert figures.worker_lag_seconds(session, bench.clock()) == 0


@ONLY_SQLITE
def test_deliveries_are_forgotten_after_a_fortnight(bench):
    worker = bench.worker(DONE)

    def remember(name):
        with bench.made.parts.open_session() as session:
            return refreshes.remember_delivery(
                session, source="gitea", delivery_id=name, event="release", repo_id=1, now=bench.clock()
            )

    assert remember("first")
    bench.clock.turn(days=13)
    worker.tidy()
    assert not remember("first")
    bench.clock.turn(days=2)
    worker.tidy()
    assert remember("first")


@ONLY_SQLITE
def test_a_signal_that_comes_twice_stops_the_worker_process_and_does_not_freeze_it(database_url, tmp_path):
    """Ctrl-C reaches the whole group, and the supervisor's SIGTERM follows at once."""
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "{database_url}"\n[bridge]\ndata_dir = "{tmp_path}"\n')
    command = [sys.executable, "-m", "bridge.cli", "--config", str(config), "worker"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) as process:
        engine = open_engine(database_url)
        deadline = time.monotonic() + 30
        beating = False
        while not beating and time.monotonic() < deadline:
            with session_scope(engine, read_only=True) as session:
                beating = session.get(Heartbeat, figures.HEARTBEAT) is not None
            time.sleep(0.05)
        engine.dispose()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert beating
