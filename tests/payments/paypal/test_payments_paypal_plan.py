"""The rows of the test plan that are PayPal's have cases."""

from pathlib import Path

import pytest
from support import payment_rows

TRIED = set(payment_rows.tried(Path(__file__).parent))


@pytest.mark.parametrize("name", payment_rows.PAYPAL)
def test_every_row_of_paypals_is_tried(name):
    assert name in TRIED
