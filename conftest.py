"""With ``BRIDGE_NO_SKIPS`` set, as in CI, a skipped test is a failed run: there, everything that is needed is there."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn skips into a failure, once, where the results come together."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("BRIDGE_NO_SKIPS") or reporter is None or hasattr(session.config, "workerinput"):
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped:
        reporter.write_line(f"{len(skipped)} tests were skipped, but BRIDGE_NO_SKIPS is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
