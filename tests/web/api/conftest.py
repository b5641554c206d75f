"""The API's world: built once for a file of tests that change nothing of note, or anew for each that does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.api_world import Api, build_api, watch
from support.bridges import Installation, install


@pytest.fixture(scope="module")
def shared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Shared by the tests of a file."""
    directory = tmp_path_factory.mktemp("api")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    made = install(f"sqlite:///{directory / 'bridge.db'}", directory)
    yield build_api(made)
    made.close()


@pytest.fixture
def api(installation: Installation) -> Api:
    """A test's own, on SQLite."""
    return build_api(installation)


@pytest.fixture
def api_on_both(installation_on_both: Installation) -> Api:
    """A test's own, once on each kind of database."""
    return build_api(installation_on_both)


@pytest.fixture
def counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> tuple[Api, list[str]]:
    """A test's own, and a list that grows by each request to Gitea."""
    return watch(api, monkeypatch)


@pytest.fixture
def watched(shared: Api, monkeypatch: pytest.MonkeyPatch) -> tuple[Api, list[str]]:
    """The shared one, likewise."""
    return watch(shared, monkeypatch)
