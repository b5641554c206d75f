"""One limit for all machines, counted in a shared store; without it, or while it is away, by each process."""

import logging
import subprocess
import sys
import time

import pytest
from support.bridges import Clock
from support.shared_counts import running

from bridge.services.throttling import Counters, Throttle
from tools.ports import free_port

PASSWORD = "sesame-of-the-store"
# Another process, as another machine: notes so many, and prints whether the limit is reached.
_OTHER = """
import sys
from datetime import UTC, datetime
from bridge.services.throttling import Counters, Throttle
throttle = Throttle(Counters(lambda: datetime.now(UTC), sys.argv[1]), "guesses", int(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    throttle.note("198.51.100.7")
print(throttle.is_over("198.51.100.7"), throttle.is_over("198.51.100.8"))
"""


class Monotonic:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def elsewhere(url, most, times):
    command = [sys.executable, "-c", _OTHER, url, str(most), str(times)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()


@pytest.fixture
def store(tmp_path):
    with running(tmp_path, PASSWORD) as started:
        yield started


def noted(throttle, times, place="198.51.100.7"):
    for _ in range(times):
        throttle.note(place)
    return throttle.is_over(place)


def test_a_process_alone_counts_for_itself_and_for_each_place():
    throttle = Throttle(Counters(Clock()), "guesses", 3)
    assert not noted(throttle, 2)
    assert noted(throttle, 1)
    assert not throttle.is_over("198.51.100.8")


def test_a_minute_after_the_first_it_begins_anew():
    clock = Clock()
    throttle = Throttle(Counters(clock), "guesses", 2)
    throttle.note("a")
    clock.turn(seconds=59)
    assert noted(throttle, 1, "a")
    clock.turn(seconds=1)
    assert not noted(throttle, 1, "a")


def test_a_clock_that_was_set_back_locks_nobody_out():
    clock = Clock()
    throttle = Throttle(Counters(clock), "guesses", 1)
    assert noted(throttle, 1)
    clock.turn(hours=-1)
    assert not throttle.is_over("198.51.100.7")


def test_limits_of_other_names_count_apart_and_of_the_same_name_together():
    counters = Counters(Clock())
    assert noted(Throttle(counters, "guesses", 2), 2)
    assert Throttle(counters, "guesses", 2).is_over("198.51.100.7")
    assert not Throttle(counters, "downloads", 2).is_over("198.51.100.7")


def test_made_up_places_do_not_fill_the_memory():
    throttle = Throttle(Counters(Clock()), "guesses", 1)
    assert noted(throttle, 1, "first")
    for number in range(20_000):
        throttle.note(f"place-{number}")
    assert not throttle.is_over("first")
    assert throttle.is_over("place-19999")


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_processes_share_one_limit(scheme, store):
    url = store.url.replace("redis", scheme, 1)
    throttle = Throttle(Counters(Clock(), url), "guesses", 5)
    assert not noted(throttle, 3)
    assert elsewhere(url, 5, 1) == ["False", "False"]
    assert elsewhere(url, 5, 1) == ["True", "False"]
    assert throttle.is_over("198.51.100.7")
    assert elsewhere("", 5, 0) == ["False", "False"]


def test_while_the_shared_store_is_away_each_counts_for_itself_and_later_together_again(store, caplog):
    monotonic = Monotonic()
    throttle = Throttle(Counters(Clock(), store.url, monotonic), "guesses", 3)
    assert not noted(throttle, 1)
    store.stop()
    assert not noted(throttle, 1)
    assert noted(throttle, 1)  # the first one, from before, is remembered here too
    assert [record.levelno for record in caplog.records] == [logging.WARNING]  # told once, not for each request
    assert PASSWORD not in caplog.text
    store.start()
    assert throttle.is_over("198.51.100.7")
    monotonic.now += 5.1
    assert not throttle.is_over("198.51.100.7")  # the new store has counted nothing yet


def test_a_store_that_does_not_answer_costs_a_moment_once_and_never_an_error():
    throttle = Throttle(Counters(Clock(), f"redis://127.0.0.1:{free_port()}/0"), "guesses", 2)
    began = time.monotonic()
    assert noted(throttle, 2)
    assert time.monotonic() - began < 5
