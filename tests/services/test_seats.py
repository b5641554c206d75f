"""Never do all web workers wait for Gitea at once; and whoever need not ask it is never turned away."""

import contextlib
import threading
from contextlib import ExitStack

import pytest

from bridge.errors import BusyError
from bridge.services import seats
from bridge.services.seats import Seats


def _hold(offered: Seats, entered: threading.Event, leave: threading.Event) -> threading.Thread:
    """Somebody else, who waits for Gitea until told otherwise."""

    def wait() -> None:
        with offered.offered():
            seats.take()
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=wait)
    thread.start()
    assert entered.wait(30)
    return thread


@pytest.fixture
def others(tmp_path):
    """``hold(offered)`` lets somebody sit down; all get up at the end."""
    leave, threads = threading.Event(), []

    def hold(offered: Seats) -> None:
        threads.append(_hold(offered, threading.Event(), leave))

    yield hold
    leave.set()
    for thread in threads:
        thread.join(30)


@pytest.mark.parametrize(("workers", "seated"), [(1, 1), (2, 1), (3, 2), (4, 3)])
def test_one_worker_less_than_there_are_may_wait_for_gitea(workers, seated, tmp_path, others):
    offered = Seats(tmp_path, workers)
    for _ in range(seated):
        others(offered)
    with offered.offered(), pytest.raises(BusyError, match="try again in a moment"):
        seats.take()


def test_who_asks_gitea_nothing_needs_no_seat(tmp_path, others):
    offered = Seats(tmp_path, 2)
    others(offered)
    with offered.offered():
        pass
    assert len(list(tmp_path.iterdir())) == 1


def test_a_seat_is_held_to_the_end_of_the_request_and_taken_once(tmp_path):
    offered = Seats(tmp_path, 2)
    with offered.offered():
        seats.take()
        seats.take()
        with ExitStack() as another, pytest.raises(BusyError):
            Seats(tmp_path, 2).sit_down(another)
    with ExitStack() as another:
        Seats(tmp_path, 2).sit_down(another)


def test_who_is_offered_none_needs_none(tmp_path, others):
    others(Seats(tmp_path, 2))
    seats.take()


def test_a_request_that_fails_gives_its_seat_back(tmp_path):
    offered = Seats(tmp_path, 2)
    with contextlib.suppress(ZeroDivisionError), offered.offered():
        seats.take()
        1 / 0  # noqa: B018
    with offered.offered():
        seats.take()
