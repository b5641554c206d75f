"""``bridge serve`` as an operator runs it: it starts, mends itself, and stops without a trace."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from support.served import ROOT, WAIT_SECONDS, Served, alive, family, until

from tools.ports import free_port


@pytest.fixture
def config(shared, tmp_path):
    """A configuration on a port of its own."""
    port = free_port()
    text = shared[1].read_text().replace("[web]\n", f'[web]\nbind = "127.0.0.1:{port}"\nworkers = 2\n')
    file = tmp_path / "serve.toml"
    file.write_text(text)
    return file, port


@pytest.fixture
def served(config, tmp_path):
    made = Served(*config, tmp_path / "log")
    yield made
    made.stop()


def niceness(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


def run(config, *words, **env):
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", "--config", str(config), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_mends_itself_and_stops_without_a_trace(served, number):
    until(served.well, "health")
    for word in ("worker", "web"):
        (before,) = served.named(word)
        os.kill(before, signal.SIGKILL)
        until(lambda word=word, before=before: served.named(word) and before not in served.named(word), f"a new {word}")
        until(served.well, f"health after a killed {word}")
    # Workers whose master was killed answer for a last second; the new ones are waited for by themselves.
    victim = min(until(lambda: len(served.web_workers()) == 2 and served.web_workers(), "two new web workers"))
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(served.web_workers()) == 2 and victim not in served.web_workers(), "a new web worker")
    below = family(served.process.pid)
    assert len(below) >= 4  # web with its two workers, and the background worker
    (background,) = served.named("worker")
    until(lambda: niceness(background) == min(niceness(min(served.web_workers())) + 5, 19), "a worker that gives way")
    served.process.send_signal(number)
    assert served.process.wait(WAIT_SECONDS) == 0
    until(lambda: not [pid for pid in below if alive(pid)], "the end of every process")
    assert served.health() is None


def test_a_port_that_is_taken_ends_it_with_a_sentence(config):
    file, port = config
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        ran = run(file, "serve")
    assert ran.returncode not in {0, None}
    assert str(port) in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_outdated_schema_and_an_unknown_key_end_it_with_a_sentence(config, tmp_path):
    bare = tmp_path / "bare.toml"
    bare.write_text(f'[database]\nurl = "sqlite:///{tmp_path / "bare.db"}"\n')
    for words in (("serve",), ("web",), ("worker",)):
        ran = run(bare, *words)
        assert (ran.returncode, "run `bridge db upgrade`" in ran.stderr, "Traceback" in ran.stderr) == (6, True, False)
    ran = run(config[0], "serve", BRIDGE_WEB_WORKRS="3")
    assert (ran.returncode, "did you mean web.workers?" in ran.stderr) == (6, True)
