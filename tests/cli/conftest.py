"""A command line beside a pretend Gitea: commands run in this process, through the same door as the real one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bridges import Installation
from support.shells import Shell, prepare


@pytest.fixture
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are not folded."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def shell(
    sqlite_url: str,
    tmp_path: Path,
    wide_screen: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    """An installation that the test may change."""
    made, config = prepare(sqlite_url, tmp_path)
    yield Shell(made, config, monkeypatch, capsys)
    made.close()


@pytest.fixture(scope="module")
def shared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Path]]:
    """An installation for the tests of one file that change nothing, with a package, its key #2 and the master key #1."""
    directory = tmp_path_factory.mktemp("shared")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    made, config = prepare(f"sqlite:///{directory / 'bridge.db'}", directory)
    assert made.key(made.package("acme", "Standard")).id == 2
    yield made, config
    made.close()


@pytest.fixture
def calm_shell(
    shared: tuple[Installation, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """A command line on the shared installation."""
    return Shell(*shared, monkeypatch, capsys)
