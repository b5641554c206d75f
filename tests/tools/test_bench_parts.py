"""A tiny run of the figures of payments and pages: each is measured, and what did not happen is no figure."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.bench import figures, hooks, parts, recompute, report
from tools.bench.hook_load import Answer
from tools.bench.measuring import UnsoundError

ROOT = Path(__file__).resolve().parents[2]
GROUPS = figures.groups([20, 60], 200, 300)


@pytest.mark.slow
def test_a_run_of_payments_and_pages_measures_each_of_their_figures_and_nothing_else(tmp_path):
    command = [sys.executable, "-m", "tools.bench", "--only", "payments", "--only", "pages", "--seconds", "0.1"]
    command += ["--rounds", "1", "--queued", "400", "--purchases", "200", "--listed", "300", "--generator", "python"]
    done = subprocess.run(
        [*command, "--directory", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "# skipped" not in done.stdout
    told = dict(line.split() for line in done.stdout.splitlines() if line[0] != "#")
    wanted = ["hooks_accepted_rps", "hook_p99_ms", "ratio_recompute_200_vs_100", "page_keys_300_p95_ms"]
    assert list(told) == wanted
    assert all(float(value) > 0 for value in told.values())
    assert 0.3 < float(told["ratio_recompute_200_vs_100"]) < 3


@pytest.mark.parametrize(
    ("only", "found"),
    [
        ([], [name for names in GROUPS.values() for name in names]),
        (["payments"], ["hooks_accepted_rps", "hook_p99_ms", "ratio_recompute_200_vs_100"]),
        (["pages", "bare_rps"], ["bare_rps", "page_keys_300_p95_ms"]),
        (["hook_p99_ms"], ["hook_p99_ms"]),
    ],
)
def test_figures_are_chosen_by_name_and_by_group(only, found):
    assert figures.chosen(only, GROUPS) == found


def test_the_full_run_names_them_as_they_were_asked_for():
    named = figures.groups([100, 1_000_000], 100_000, 100_000)
    assert named["payments"] == ["hooks_accepted_rps", "hook_p99_ms", "ratio_recompute_100k_vs_100"]
    assert named["pages"] == ["page_keys_100k_p95_ms"]


@pytest.mark.parametrize(
    ("name", "good", "bad", "wanted"),
    [
        ("hooks_accepted_rps", 500, 499, "at least 500"),
        ("hook_p99_ms", 200, 201, "at most 200"),
        ("ratio_recompute_100k_vs_100", 1.1, 1.11, "0.9 to 1.1"),
        ("page_keys_100k_p95_ms", 150, 151, "at most 150"),
    ],
)
def test_each_says_what_was_wanted_of_it_and_what_limits_it_where_it_is_missed(name, good, bad, wanted):
    found = report.Results()
    found.add(name, good, *figures.wanted_of(name))
    assert found.is_wanted(name)
    assert found.wanted(name) == wanted
    found.add(name, bad, *figures.wanted_of(name))
    page = report.page(found, "wrk")
    assert f"{wanted} (missed)" in page
    assert f"- `{name}`: " in page.partition("What limits those that were missed:")[2]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([Answer(0.0, 0.1, 200), Answer(0.0, 0.1, 503)], "not with 200: .503."),
        ([Answer(0.0, 0.1, 200)], "of 2 deliveries 1 came back"),
    ],
)
def test_deliveries_that_were_refused_or_lost_are_no_figure(answers, message):
    with pytest.raises(UnsoundError, match=message):
        hooks.judged(answers, 2)


def test_a_part_that_fails_is_skipped_with_its_reason_and_no_value(tmp_path, monkeypatch):
    def broken(*_):
        raise UnsoundError("a purchase whose keys were in line was changed")

    monkeypatch.setattr(recompute, "recompute", broken)
    sizes = parts.Sizes(0.1, 1, 10, 200, 300)
    found = parts.measure(["ratio_recompute_200_vs_100"], sizes, tmp_path, parts.Progress(disable=True))
    assert found.values == {}
    assert found.skipped == {"ratio_recompute_200_vs_100": "a purchase whose keys were in line was changed"}
