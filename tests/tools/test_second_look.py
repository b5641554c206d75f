"""The second look at failed tests: it forgives what passes alone, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    "test_good": "def test_good(): pass",
    "test_bad": "def test_bad(): assert False",
}


def look(directory, failed):
    (directory / "test_it.py").write_text("\n".join(TESTS.values()))
    if failed is not None:
        cache = directory / "var/pytest/v/cache"
        cache.mkdir(parents=True)
        (cache / "lastfailed").write_text(json.dumps(dict.fromkeys(failed, True)))
    return subprocess.run(
        [sys.executable, "-m", "tools.second_look"],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_passes_alone_is_told_as_unstable(tmp_path):
    ran = look(tmp_path, ["test_it.py::test_good"])
    assert ran.returncode == 0, ran.stdout
    assert "UNSTABLE, mend them: test_it.py::test_good" in ran.stdout


@pytest.mark.parametrize(
    "failed",
    [
        ["test_it.py::test_bad"],
        ["test_it.py::test_good", "test_it.py::test_bad"],
        ["test_it.py::test_gone"],
        [f"test_it.py::test_{number}" for number in range(4)],
        [],
        None,
    ],
)
def test_what_fails_again_or_in_numbers_is_a_failure(tmp_path, failed):
    ran = look(tmp_path, failed)
    assert ran.returncode != 0
    assert "UNSTABLE" not in ran.stdout


def test_it_looks_where_the_options_of_this_project_write(tmp_path):
    (tmp_path / "test_it.py").write_text("\n".join(TESTS.values()))
    options = ["-q", "-n", "1", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={tmp_path}", "test_it.py"]
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=tmp_path, capture_output=True, check=False)
    ran = look(tmp_path, None)
    assert "Once more, alone: test_it.py::test_bad\n" in ran.stdout
    assert ran.returncode != 0
