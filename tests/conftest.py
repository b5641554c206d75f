"""What every test shares: ``tests/support`` on the path, an empty migrated database, a whole installation.

Whatever uses ``database_url`` runs on SQLite and on PostgreSQL; ``-m "not postgres"`` leaves the second one out, and
``support.databases.ONLY_SQLITE`` does so for one test.
"""

import gc
import logging
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.bridges import Installation, install
from support.databases import PostgresServer, make_sqlite_template, start_postgres
from support.offices import Office
from support.quick_apps import remember_builders
from support.quick_queries import remember_statements
from support.temporary import choose_temporary_root

choose_temporary_root()
remember_builders()
remember_statements()
gc.disable()  # until all is collected: every test that was found stays


def pytest_collection_finish() -> None:
    """Thousands of tests are never garbage; without this, each look for some would look at all of them again."""
    gc.freeze()
    gc.enable()


_BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that sets up logging in this process writes to a stream of its test; the next one has another."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database of the present schema, to be copied."""
    return make_sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server; the test is skipped where its binaries are missing."""
    server = start_postgres()
    yield server
    server.stop()


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The URL of an empty SQLite database of the present schema, of this test's own."""
    target = tmp_path / "bridge.db"
    shutil.copy(migrated_sqlite, target)
    return f"sqlite:///{target}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the present schema, of this test's own."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=_BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of the present schema, of this test's own; the test runs once on each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=_BOTH)
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create(empty=True)
    yield url
    server.drop(url)


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """A pretend Gitea and a bridge beside it."""
    made = install(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """Owners and repos in the database, without a Gitea and without doors."""
    made = Office(database_url)
    yield made
    made.close()
