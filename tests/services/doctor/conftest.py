"""One healthy installation for each test here, to be broken."""

import pytest
from support.clinics import clinic


@pytest.fixture
def healthy(sqlite_url, tmp_path):
    """An installation on SQLite where all is well."""
    with clinic(sqlite_url, tmp_path) as made:
        yield made
