"""Servers that are built for tests: once, whole or not at all, with a reason where it can't be done."""

import sys
from pathlib import Path

import pytest

from tools.go_servers import CannotObtainError, Server, served
from tools.ports import free_port

# A `go` that downloads nothing and "builds" what its third argument's directory says.
GO = """#!/bin/sh
echo "$*" >> "$(dirname "$0")/calls"
if [ "$1" = mod ]; then echo '{"Dir": "/the/source"}'; exit 0; fi
while [ "$1" != -o ]; do shift; done
echo half > "$2"
[ ! -e "$(dirname "$0")/broken" ] || { echo "does not compile" >&2; exit 1; }
"""
SERVER = Server("mock", "example.com/mock")


@pytest.fixture
def go(tmp_path, monkeypatch):
    """A directory with a `go` in it that is the only one."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (directory / "go").write_text(GO)
    (directory / "go").chmod(0o755)
    return directory


def _calls(go: Path) -> list[str]:
    return (go / "calls").read_text().splitlines()


def test_a_server_is_built_once_from_its_module_and_kept(go):
    built = SERVER.obtain("1.2.3", "-tags", "x")
    assert SERVER.obtain("1.2.3", "-tags", "x") == built
    assert (built.name, built.read_text()) == ("mock-1.2.3", "half\n")
    assert _calls(go)[0] == "mod download -json example.com/mock@v1.2.3"
    assert [call.split(" -o ")[0] for call in _calls(go)[1:]] == ["build -C /the/source -tags x"]


def test_a_build_that_fails_says_why_and_leaves_nothing(go, tmp_path):
    (go / "broken").touch()
    with pytest.raises(CannotObtainError, match="does not compile"):
        SERVER.obtain("1.2.3")
    assert list((tmp_path / "cache").rglob("mock*")) == []


def test_without_go_it_says_so(go, monkeypatch):
    monkeypatch.setenv("PATH", str(go / "elsewhere"))
    with pytest.raises(CannotObtainError, match=r"there is no 'go' on the PATH to build mock with"):
        SERVER.obtain("1.2.3")


def test_a_server_that_ends_at_once_is_no_server():
    command = [sys.executable, "-S", "-c", "raise SystemExit(3)"]
    with pytest.raises(CannotObtainError, match="exit code 3"), served(command, f"http://127.0.0.1:{free_port()}"):
        pytest.fail("it does not run")
