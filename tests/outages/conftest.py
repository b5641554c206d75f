"""Outages with figures. ``make chaos`` runs the same tests for longer and prints what they measured.

``BRIDGE_CHAOS_ROUNDS`` says how many kills, ``BRIDGE_CHAOS_VICTIMS`` of whom (all: web worker,worker,serve,web);
``BRIDGE_CHAOS_DELIVERIES`` says how many deliveries of a payment provider, twenty for a purchase.
``BRIDGE_CHAOS_SEED`` repeats a run's choices, or makes others.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bridges import Installation
from support.served import Served, serve

Figure = Callable[[str, object], None]


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Note a figure of this test; they are printed at the end."""
    return record_property


@pytest.fixture
def rounds() -> int:
    return int(os.environ.get("BRIDGE_CHAOS_ROUNDS", "4"))


@pytest.fixture
def deliveries() -> int:
    return int(os.environ.get("BRIDGE_CHAOS_DELIVERIES", "100"))


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("BRIDGE_CHAOS_SEED", "17"))


@pytest.fixture
def start(installation: Installation, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return a function that runs ``bridge serve`` on the installation; all are ended afterwards."""
    running: list[Served] = []

    def go(**more: object) -> Served:
        made = serve(installation, tmp_path, **{"name": f"serve{len(running)}"} | more)
        running.append(made)
        return made

    yield go
    for each in running:
        each.stop_at_once()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures, one a line."""
    told = [
        (report.nodeid.partition("::")[2], name, value)
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        if report.when == "call"
        for name, value in report.user_properties
    ]
    if told:
        terminalreporter.section("figures")
    for test, name, value in told:
        terminalreporter.write_line(f"{test}: {name} = {value}")
