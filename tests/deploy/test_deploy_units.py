"""The systemd units say what systemd understands, and keep the bridge within its walls."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.proxies import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MOST_EXPOSURE = 2.0  # of 10, as systemd counts


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def installed(unit: Path, directory: Path) -> str:
    """The unit with a program that exists."""
    program = directory / "opt" / "bin" / "bridge"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch(mode=0o755)
    copy = directory / unit.name
    copy.write_text(unit.read_text().replace("/opt/license-bridge/", f"{directory / 'opt'}/"))
    return str(copy)


def test_there_is_one_unit_for_all_and_one_for_each_part():
    assert [unit.stem for unit in UNITS] == ["license-bridge-web", "license-bridge-worker", "license-bridge"]
    commands = [re.search(r"^ExecStart=\S+ --config /etc/license-bridge/config.toml (\w+)$", unit.read_text(), re.MULTILINE)[1] for unit in UNITS]  # fmt: skip
    assert commands == ["web", "worker", "serve"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_no_fault_in_it(unit, tmp_path):
    done = analyze("verify", installed(unit, tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fault_would_be_found(tmp_path):
    copy = Path(installed(UNITS[0], tmp_path))
    copy.write_text(copy.read_text().replace("NoNewPrivileges=", "NoNewPriviliges="))
    assert "NoNewPriviliges" in analyze("verify", str(copy)).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_it_is_well_within_its_walls(unit, tmp_path):
    done = analyze("security", "--offline=true", installed(unit, tmp_path))
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure, done.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_background_may_give_way_though_other_resources_are_shut(unit):
    filters = re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(), re.MULTILINE)
    assert filters == ["@system-service", "~@privileged @resources", "setpriority"]


def test_the_units_differ_in_what_they_start_only():
    def walls(unit: Path) -> list[str]:
        lines = unit.read_text().splitlines()
        return [line for line in lines if not line.startswith(("#", "Description=", "ExecStart="))]

    assert walls(UNITS[0])[1:] == walls(UNITS[1])[1:] == walls(UNITS[2])[1:]
