"""The rows of the test plan have cases."""

from pathlib import Path

import pytest
from support import payment_rows

TRIED = set(payment_rows.tried(Path(__file__).parents[1]))


@pytest.mark.parametrize("name", [*payment_rows.CORE, *payment_rows.DELIVERY, *payment_rows.AGAINST_STRIPES_OWN])
def test_every_row_of_this_part_is_tried(name):
    assert name in TRIED


def test_no_case_names_a_row_that_is_not_in_the_plan():
    plan = [*payment_rows.CORE, *payment_rows.PAYPAL, *payment_rows.DELIVERY, *payment_rows.SHOP_CALLS]
    plan += payment_rows.AGAINST_STRIPES_OWN
    assert len(plan) == len(set(plan)) == 97
    assert set(plan) >= TRIED
