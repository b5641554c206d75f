"""Random lives in Stripe's world, told in order and out of it: the same books, and never two keys for one slot."""

from random import Random

import pytest
from sqlmodel import func, select
from support.payment_lives import live
from support.payment_rows import PUSH, row

from bridge.models import KeySlot

SEEDS = range(6)


@row("T103")
@PUSH
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_life_ends_the_same_in_every_order(tell, shop, seed):
    shop.set_account(policy={"quantity_mode": "keys"})
    tell(lambda shop: live(Random(seed), shop))
    with shop.session(read_only=True) as session:
        most = session.exec(
            select(func.count()).select_from(KeySlot).group_by(KeySlot.purchase_id, KeySlot.line_ref, KeySlot.unit_no)
        ).all()
    assert set(most) <= {1}
