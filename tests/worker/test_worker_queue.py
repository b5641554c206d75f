"""The worker's queue: when it looks again, what it does after failures, and that each job is done once."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import select
from support.catalog_worlds import Story
from support.databases import ONLY_SQLITE
from support.worker_bench import DONE, OPEN, Bench

from bridge.models import Refresh
from bridge.services.refresh import Seen
from bridge.storage import refreshes
from bridge.worker import CLAIM_SECONDS
from gitea_client.errors import Unreachable


@pytest.fixture
def bench(installation):
    return Bench(installation)


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("answers", "looks"),
    [
        ([DONE], [0, 15]),
        ([OPEN], [0, 15, 60, 300]),
        ([OPEN, DONE], [0, 15]),
        ([OPEN, OPEN, DONE], [0, 15, 60]),
        ([OPEN, Seen("other", complete=True), Seen("other", complete=True)], [0, 15, 60]),
        ([Seen("a", complete=True), Seen("b", complete=True), Seen("c", complete=True), DONE], [0, 15, 60, 300]),
        ([Seen("x", complete=True, served=False)], [0]),
        ([Seen("x", complete=True, served=False, look_again=True), Seen("x", complete=True, served=False)], [0, 60]),
    ],
    ids=["settled", "never complete", "complete second", "third", "changed once", "changing", "no product", "absent"],
)
def test_looks_after_a_hook_stop_early_only_when_two_agree_and_every_release_has_its_file(bench, answers, looks):
    bench.worker(*answers)
    bench.hook()
    assert bench.looks_until_done() == looks


@ONLY_SQLITE
def test_the_looks_are_seconds_after_the_hook_however_long_each_takes(bench):
    def slow():
        bench.clock.turn(seconds=9)
        return OPEN

    bench.worker(slow)
    bench.hook()
    ends = bench.looks_until_done()
    assert [end - 9 for end in ends] == [0, 15, 60, 300]


@ONLY_SQLITE
def test_a_look_by_the_clock_is_one_look(bench):
    bench.worker(OPEN)
    bench.quietly()
    assert bench.looks_until_done() == [0]


def test_a_hook_that_comes_while_the_repo_is_read_is_not_lost(bench):
    def hook_meanwhile():
        bench.hook()
        return DONE

    bench.worker(hook_meanwhile, DONE)
    bench.hook()
    bench.work.refresh_next()
    row = bench.row()
    assert (row.step, row.claimed_until, bench.due_in()) == (0, None, 0)
    bench.work.run_once()
    assert len(bench.catalog.looked_at) == 2


@ONLY_SQLITE
def test_a_hook_that_comes_while_a_refresh_fails_is_not_put_off(bench):
    def hook_meanwhile():
        bench.hook()
        raise Unreachable("no connection")

    bench.worker(hook_meanwhile)
    bench.hook()
    bench.work.refresh_next()
    assert bench.due_in() == 0


@ONLY_SQLITE
@pytest.mark.parametrize("error", [Unreachable("no connection"), ValueError("a bug")], ids=["gitea", "bug"])
def test_a_failing_refresh_is_tried_again_ever_more_slowly_and_keeps_its_error(bench, error, caplog):
    bench.worker(error)
    bench.hook()
    waits = []
    for _ in range(6):
        bench.work.refresh_next()
        waits.append(bench.due_in())
        bench.clock.now = bench.row().due_at
    assert waits == [5, 15, 60, 300, 300, 300]
    assert str(error.args[0]) in bench.row().last_error
    assert "acme/1 could not be refreshed" in caplog.text


@ONLY_SQLITE
def test_after_a_failure_the_series_goes_on_where_it_was(bench):
    bench.worker(OPEN, Unreachable("away"), OPEN)
    bench.hook()
    bench.work.run_once()
    bench.clock.turn(seconds=15)
    bench.work.run_once()
    assert (bench.row().step, bench.row().attempts) == (1, 1)
    bench.clock.turn(seconds=5)
    bench.work.run_once()
    assert (bench.row().step, bench.row().attempts, bench.row().last_error) == (2, 0, "")


@ONLY_SQLITE
def test_a_hook_is_served_before_a_crowd_that_the_sweep_found(bench):
    bench.worker(DONE)
    for repo_id in range(2, 30):
        bench.quietly(repo_id)
    bench.clock.turn(seconds=1)
    bench.hook(1)
    bench.work.refresh_next()
    assert bench.catalog.looked_at == [1]


@ONLY_SQLITE
def test_a_quiet_wish_does_not_touch_a_series_under_way(bench):
    bench.worker(OPEN)
    bench.hook()
    bench.work.run_once()
    before = bench.row()
    bench.quietly()
    after = bench.row()
    assert (after.step, after.due_at, after.stamp, after.reason) == (1, before.due_at, before.stamp, "hook release")


def test_each_job_is_done_by_one_of_many_workers(bench):
    """On both databases: the claim is an update that only one wins."""
    bench.worker(Seen("x", complete=True, served=False))
    for repo_id in range(1, 13):
        bench.hook(repo_id)
    ready, failures = threading.Barrier(4), []

    def work():
        try:
            ready.wait()
            idle = 0
            while idle < 3:
                idle = 0 if bench.work.refresh_next() else idle + 1
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sorted(bench.catalog.looked_at) == list(range(1, 13))


@ONLY_SQLITE
def test_the_work_of_a_killed_worker_is_taken_over_when_its_claim_ends(bench):
    bench.worker(DONE)
    bench.hook()
    with bench.made.parts.open_session() as session:
        assert (
            refreshes.claim(session, bench.clock(), for_seconds=CLAIM_SECONDS, longest_wait=timedelta(hours=1))
            is not None
        )
    assert not bench.work.refresh_next()
    bench.clock.turn(seconds=CLAIM_SECONDS + 1)
    assert bench.work.refresh_next()


@ONLY_SQLITE
def test_a_claim_is_kept_while_many_files_are_fetched(bench):
    story = Story(bench.made)
    story.product()
    for patch in range(3):
        story.release(f"1.0.{patch}")
    story.hook()
    claimed = []
    fetch, worker = story.made.parts.gitea.asset_stream, story.made.parts.worker

    def slow_stream(uuid, **options):
        story.clock.turn(seconds=CLAIM_SECONDS - 1)
        with story.made.parts.open_session(read_only=True) as session:
            claimed.append(session.exec(select(Refresh)).one().claimed_until >= story.clock())
        return fetch(uuid, **options)

    story.made.parts.gitea.asset_stream = slow_stream
    worker.refresh_next()
    assert claimed == [True, True, True]
