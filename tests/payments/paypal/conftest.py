"""The same shop and the same stories, by PayPal: what is pushed there is never believed, so every account asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paypal_shops import PayPalShop, open_paypal_shop


@pytest.fixture(params=["pull"])
def way(request: pytest.FixtureRequest) -> str:
    """There is no account without credentials."""
    found: str = request.param
    return found


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[PayPalShop]:
    """A shop that sells nothing yet."""
    opened = open_paypal_shop(database_url, tmp_path)
    yield opened
    opened.close()
