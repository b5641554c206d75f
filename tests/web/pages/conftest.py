"""The pages' world: built once for a file of tests that change nothing of note, or anew for each that does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bridges import Installation, install
from support.browsers import running_browser
from support.page_customers import Ann, new_ann
from support.page_sites import Site, running_site
from support.page_visits import CLIENT, Pages, build_pages
from support.zips import joomla_module

OAUTH = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}
SELLER = 'name = "Acme"\nsupport = "help@acme.example"\nrenewal_url = "https://acme.example/renew"'


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


@pytest.fixture(scope="module")
def selling(shared: Pages) -> Pages:
    """Two versions to download: one for everybody who bought, one for those who test."""
    shared.made.world.set_variable("acme", "LICENSING_SELLER", SELLER)
    for version in ("1.0.0", "1.1.0-rc1"):
        shared.made.publish("acme", "mod-weather", version, {"weather.zip": joomla_module("weather", version)})
    return shared


@pytest.fixture
def ann(selling: Pages) -> Ann:
    """A customer of a test's own."""
    selling.made.clock.turn(minutes=2)  # what is counted by the minute begins anew
    return new_ann(selling)


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A bridge that browsers reach, for the tests of a file."""
    with running_browser() as browser, running_site(migrated_sqlite, tmp_path_factory.mktemp("site"), browser) as made:
        yield made
