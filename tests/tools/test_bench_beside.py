"""What is measured beside a real Gitea is judged before it becomes a figure, and told in a page."""

import pytest

from tools.bench import beside, reconcile, report, storm
from tools.bench.beside import percentile
from tools.bench.storm import Weather
from tools.bench.storm_load import Answer

REVOKED_AT = 1000.0


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(1, 900.0, 0.01, 200, True), ""),
        (Answer(1, 900.0, 0.01, 200, False), "an empty feed for a good key"),
        (Answer(1, 900.0, 0.01, 503, False), "status 503"),
        (Answer(1, 900.0, 30.0, 0, False), "no answer"),
        (Answer(2, 990.0, 0.01, 200, True), ""),
        (Answer(2, 990.0, 0.01, 200, False), "an empty feed for a good key"),
        (Answer(2, 999.9, 0.2, 200, False), ""),
        (Answer(2, 1000.5, 0.01, 200, True), ""),
        (Answer(2, 1000.5, 0.01, 200, False), ""),
        (Answer(2, 1001.1, 0.01, 200, True), "a full feed a second after the key was revoked"),
        (Answer(2, 1001.1, 0.01, 200, False), ""),
    ],
)
def test_every_answer_of_the_storm_is_judged(answer, fault):
    assert storm._fault(answer, Weather({2: REVOKED_AT})) == fault


@pytest.mark.parametrize(
    ("values", "share", "expected"), [([5.0], 95, 5.0), ([1.0, 2.0], 50, 1.0), (list(range(100, 0, -1)), 95, 95)]
)
def test_a_percentile_is_a_value_that_was_measured(values, share, expected):
    assert percentile(values, share) == expected


def test_what_reconciling_costs_is_counted_by_the_pretend_gitea():
    steps = []
    told = reconcile.reconcile(3, lambda: steps.append(1))
    assert len(steps) == 6
    assert 1 <= told["reconcile_requests_per_repo"] <= 12
    assert told["reconcile_requests_per_repo"] * 3 == int(told["reconcile_requests_per_repo"] * 3 + 0.5)


@pytest.mark.filterwarnings("ignore:PluginImportFixer:ImportWarning")
def test_the_page_tells_the_machine_the_figures_what_was_wanted_and_what_was_skipped(tmp_path):
    found = report.Results()
    found.add("gitea_raw_rps", 229.6)
    found.add(beside.FEED, 14.0, 15.0)
    found.add(storm.ERRORS, 0.0, 0.0, 0.0)
    found.skip(beside.P50, "no real Gitea: there is no 'go'")
    report.write(found, tmp_path, "wrk, 8 rounds")
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "| `gitea_raw_rps` | 230 |  | Gitea's own raw `updates.xml` |" in page
    assert "| `ratio_feed_keyed_vs_gitea_raw` | 14.000 | at least 15 (missed) | our keyed feed" in page
    assert "| `storm_errors` | 0 | at most 0 |" in page
    assert "- `hook_to_feed_p50_s` was not measured: no real Gitea" in page
    limits = page.partition("What limits those that were missed:")[2]
    assert "- `ratio_feed_keyed_vs_gitea_raw`: " in limits
    assert "storm" not in limits
    assert report.machine() in page
    svg = (tmp_path / "performance.svg").read_text(encoding="utf-8")
    assert "gitea raw" in svg
    assert "<script" not in svg


def test_the_figures_are_named_as_they_were_asked_for():
    assert (beside.FEED, beside.DOWNLOAD) == ("ratio_feed_keyed_vs_gitea_raw", "ratio_download_vs_gitea")
    assert (beside.P50, beside.P95) == ("hook_to_feed_p50_s", "hook_to_feed_p95_s")
    assert (storm.ERRORS, storm.P99, reconcile.PER_REPO) == (
        "storm_errors",
        "storm_p99_ms",
        "reconcile_requests_per_repo",
    )
