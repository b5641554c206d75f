"""The pages' world: built once for a file of tests that change nothing of note, or anew for each that does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bridges import Installation, install
from support.page_visits import CLIENT, Pages, build_pages

OAUTH = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}


@pytest.fixture(scope="module")
def shared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Shared by the tests of a file."""
    directory = tmp_path_factory.mktemp("pages")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    made = install(f"sqlite:///{directory / 'bridge.db'}", directory, oauth=OAUTH)
    yield build_pages(made)
    made.close()


@pytest.fixture
def made(sqlite_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation of a test's own."""
    installation = install(sqlite_url, tmp_path, oauth=OAUTH)
    yield installation
    installation.close()


@pytest.fixture
def pages(made: Installation) -> Pages:
    """A test's own."""
    return build_pages(made)
