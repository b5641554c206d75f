"""docs/metrics.md lists every figure and field, and the examples for Prometheus name none that does not exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.web.request_lines import RequestLine

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
PROMETHEUS = ROOT / "deploy/prometheus"
_SUFFIXES = re.compile(r"_(total|bucket|sum|count)$")


@pytest.fixture
def told(installation):
    """The names of all figures, as a scrape shows them; counters with ``_total``."""
    text = installation.parts.figures.exposition().decode()
    return {
        family.name + ("_total" if family.type == "counter" else "") for family in text_string_to_metric_families(text)
    }


def test_the_page_lists_the_figures_that_there_are_and_no_others(told):
    assert set(re.findall(r"^\| `(bridge_\w+)`", PAGE, re.MULTILINE)) == told


def test_the_alerts_ask_for_figures_that_there_are(told):
    text = (PROMETHEUS / "bridge-alerts.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bbridge_\w+", text))
    assert len(asked) > 6
    assert {_SUFFIXES.sub("", name) for name in asked} <= {_SUFFIXES.sub("", name) for name in told}


def test_the_page_lists_the_fields_of_a_line():
    every = RequestLine("GET", "/", "acme/weather", 200, "valid", 1.0, 1, 1).fields()
    for name in [*every, "request_id"]:
        assert f"`{name}`" in PAGE


def test_promtool_finds_nothing_wrong_with_the_examples():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    command = [promtool, "check", "config", "prometheus.yml"]
    done = subprocess.run(command, cwd=PROMETHEUS, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 rules found" in done.stdout
