"""The same shop and the same stories, by PayPal: what is pushed there is never believed, so every account asks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paypal_shops import PayPalShop, open_paypal_shop

ORDERS = int(os.environ.get("BRIDGE_PAYMENT_ORDERS", "3"))


@pytest.fixture
def orders() -> int:
    """Fewer than of the other provider: what is merged in any order are the same facts, by the same rules."""
    return max(1, ORDERS // 3)


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[PayPalShop]:
    """A shop that sells nothing yet."""
    opened = open_paypal_shop(database_url, tmp_path)
    yield opened
    opened.close()
