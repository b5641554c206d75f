"""The shop is built once for a file of tests; whoever changes something takes ``installation`` instead.

What a door makes of the database's answers does not depend on its kind, so ``installation`` is on SQLite here;
``installation_on_both`` is for the few tests about what the databases themselves do.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bridges import Installation, install
from web_shop import Shop, build


@pytest.fixture
def installation(sqlite_url: str, tmp_path: Path) -> Iterator[Installation]:
    """A pretend Gitea and a bridge beside it, on SQLite."""
    made = install(sqlite_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def installation_on_both(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """The same, once on each kind of database."""
    made = install(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shop(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Products in every key mode and a key in every situation; nobody changes it."""
    directory = tmp_path_factory.mktemp("shop")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    # Its clock stands still, so all tests of a file use its keys within one minute.
    many = {"downloads_per_key_and_minute": 1_000_000}
    made = install(f"sqlite:///{directory / 'bridge.db'}", directory, limits=many)
    yield build(made)
    made.close()


@pytest.fixture(scope="module")
def visitor(shop: Shop):
    """A client of the shop."""
    return shop.client()
