"""A tiny run of the bench: every figure is really measured, and a wrong answer is never a figure."""

import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tools.bench import figures, load, processes, python_load
from tools.bench.load import Outcome, Target
from tools.bench.measuring import Plan, UnsoundError, _run

ROOT = Path(__file__).resolve().parents[2]
# Four bytes of body, as every 200 of the bench has at least.
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfeed"


def run_bench(directory, *options):
    command = [sys.executable, "-m", "tools.bench", "--seconds", "0.3", "--rounds", "1", "--keys", "20,60"]
    command += ["--generator", "python", "--directory", str(directory), *(options or ["--only", "sites"])]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def lines_of(printed):
    return {name: float(value) for name, value in (line.split() for line in printed.splitlines() if line[0] != "#")}


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bench")
    return directory, run_bench(directory)


@pytest.mark.slow
def test_a_run_measures_every_figure_and_prints_the_ratios_last(tiny_run):
    _, done = tiny_run
    assert done.returncode == 0, done.stderr
    told = lines_of(done.stdout)
    needs_nginx = {"download_nginx_rps", "download_xaccel_rps", "ratio_download_xaccel_vs_nginx",
                   "ratio_download_direct_vs_nginx"}  # fmt: skip
    skipped = set() if processes.nginx_path() else needs_nginx
    expected = [
        "bare_rps", "feed_keyed_20_rps", "feed_keyed_60_rps", "feed_open_rps",
        "download_nginx_rps", "download_xaccel_rps", "download_direct_rps",
        "ratio_feed_keyed_vs_bare", "ratio_feed_keyed_60_vs_20", "ratio_feed_open_vs_bare",
        "ratio_download_xaccel_vs_nginx", "ratio_download_direct_vs_nginx", "worker_rss_mib",
    ]  # fmt: skip
    assert list(told) == [name for name in expected if name not in skipped]
    assert all(value > 0 for value in told.values())
    for name in skipped:
        assert f"# skipped {name}: nginx is not installed" in done.stdout
    # One round: its ratio is that of the two printed figures (the printed ones are rounded).
    assert told["ratio_feed_open_vs_bare"] == pytest.approx(told["feed_open_rps"] / told["bare_rps"], rel=0.05)
    assert 30 < told["worker_rss_mib"] < 500


@pytest.mark.slow
def test_a_second_run_keeps_the_databases_and_takes_no_figure_from_keys_that_are_not_in_them(tiny_run):
    directory, _ = tiny_run
    codes = directory / "keys-60.txt"
    kept = codes.read_text(encoding="ascii")
    # The first key is good, so the look before the runs is content; the others are none.
    first, *others = kept.splitlines()
    codes.write_text("\n".join([first, *("LIC-" + "0" * 29 for _ in others)]), encoding="ascii")
    try:
        done = run_bench(directory, "--only", "feed_keyed_60_rps")
    finally:
        codes.write_text(kept, encoding="ascii")
    assert done.returncode == 1
    assert "feed_keyed_60" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("only", "measured"),
    [
        (["ratio_feed_keyed_vs_bare"], ["bare", "feed_keyed_60"]),
        (["ratio_feed_keyed_60_vs_20"], ["feed_keyed_20", "feed_keyed_60"]),
        (["ratio_download_xaccel_vs_nginx", "bare_rps"], ["bare", "download_nginx", "download_xaccel"]),
        (["worker_rss_mib"], ["feed_keyed_60", "download_direct"]),
        (["payments", "pages"], []),
    ],
)
def test_only_what_the_wanted_figures_need_is_measured(only, measured):
    wanted = figures.chosen(only, figures.groups([20, 60], 200, 300))
    assert figures.needed_rates(wanted, [20, 60]) == measured


def test_a_name_that_is_no_figure_is_refused_with_the_names_that_are():
    with pytest.raises(ValueError, match=r"no figure speed; .*sites, payments, pages.*ratio_download_xaccel_vs_nginx"):
        figures.chosen(["speed"], figures.groups([20, 60], 200, 300))


@pytest.fixture
def answering():
    """A server of one answer; returns the port and the requests that it got."""
    listener = socket.create_server(("127.0.0.1", 0))
    got, answer = [], [GOOD]

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                got.append(connection.recv(4096))
                connection.sendall(answer[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], got, answer
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.mark.parametrize("generator", [load.by_python, load.by_wrk], ids=["python", "wrk"])
def test_a_generator_takes_another_key_for_each_request_and_counts_what_came_back(generator, answering, tmp_path):
    if generator is load.by_wrk and shutil.which("wrk") is None:
        pytest.skip("wrk is not installed")
    port, got, _ = answering
    codes = tmp_path / "codes.txt"
    codes.write_text("\n".join(f"K{number}" for number in range(100_000)), encoding="ascii")
    outcome = generator(Target(port, "/a/feed.xml", codes), 0.3, 0.25)
    paths = [request.split()[1] for request in got if request]
    assert outcome.answers > 10
    assert outcome.refused == 0
    # Some requests may be under way when the time is up.
    assert outcome.answers <= len(got) <= outcome.answers + 2 * load.CONNECTIONS
    assert outcome.received == outcome.answers * len(GOOD)
    assert len(set(paths)) == len(paths)
    assert all(path.startswith(b"/a/feed.xml?dlid=K") for path in paths)


@pytest.mark.parametrize(
    ("answer", "refused"),
    [(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", True), (GOOD[:-2], False), (b"", False)],
    ids=["not found", "cut off", "nothing"],
)
def test_the_own_generator_tells_refused_requests_from_broken_ones(answer, refused, answering):
    port, _, served = answering
    served[0] = answer
    shares = python_load.run(port, "/", [], 0.1, 0.0, 2)
    answers = sum(share.answers for share in shares)
    assert sum(share.refused for share in shares) == answers
    assert (answers > 0) is refused
    assert (sum(share.broken for share in shares) > 0) is not refused


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(0, 1.0, 0),
        Outcome(1000, 1.0, 500_000, refused=1),
        Outcome(1000, 1.0, 500_000, broken=4),
        Outcome(1000, 1.0, 399_999),
    ],
    ids=["no answer", "one refused", "many broken", "too short to be the feed"],
)
def test_an_unsound_run_is_no_figure(outcome):
    plan = Plan(["feed"], 1, 1, lambda _target, _seconds, _start: outcome, lambda _name: None)
    with pytest.raises(UnsoundError, match="feed"):
        _run(plan, "feed", Target(1, "/"), 1, 1, {"feed": 400})


def test_ratios_are_taken_within_each_round_so_that_a_slow_minute_does_not_count():
    rounds = [{"feed_open": 90.0, "bare": 100.0}, {"feed_open": 9.0, "bare": 10.0}, {"feed_open": 45.0, "bare": 50.0}]
    ratio = next(each for each in figures.ratios([1, 2]) if each.name == "ratio_feed_open_vs_bare")
    assert figures.ratio_of(ratio, rounds) == pytest.approx(0.9)
    assert figures.medians(rounds) == {"feed_open": 45.0, "bare": 50.0}


def test_the_full_run_names_its_figures_as_the_documentation_does():
    assert [ratio.name for ratio in figures.ratios([100, 10_000, 1_000_000])] == [
        "ratio_feed_keyed_vs_bare",
        "ratio_feed_keyed_1m_vs_100",
        "ratio_feed_open_vs_bare",
        "ratio_download_xaccel_vs_nginx",
        "ratio_download_direct_vs_nginx",
    ]
