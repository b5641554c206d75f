"""Without a real Gitea the live tests skip where everybody sees it, or fail where one is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("required", "outcome", "code"), [("0", "SKIPPED", 0), ("1", "ERROR", 1)])
def test_a_missing_gitea_is_told(tmp_path, required, outcome, code):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PYTEST_", "COV_"))}
    environment = {**kept, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "BRIDGE_REQUIRE_LIVE": required}
    command = [sys.executable, "-m", "pytest", "tests/live/test_live_contract.py", "-rsE", "-k", "its_version"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert outcome in done.stdout
    assert "there is no 'git' on the PATH" in done.stdout
