"""Random lives of purchases in a pretend Stripe's world: bought, renewed or not, given back, contested, ended."""

from collections.abc import Iterator
from random import Random

from support.payment_shops import Shop


def live(dice: Random, shop: Shop, email: str = "ann@example.com") -> Iterator[None]:
    """A purchase, and whatever becomes of it. Each step happens a while after the one before."""
    if dice.random() < 0.35:
        session = shop.buy(payment_status=dice.choice(("paid", "paid", "unpaid")), email=email)
        yield
        if shop.world.get(session)["payment_status"] == "unpaid":
            shop.clock.turn(days=2)
            shop.world.settle(session)
            yield
        yield from _money(dice, shop, session)
        return
    pro, team = _monthly(shop, "Pro", 4900), _monthly(shop, "Team", 9900)
    lines = [(pro, dice.randrange(1, 4))]
    subscription = shop.world.subscribe(lines, trial_days=dice.choice((0, 0, 14)), email=email)
    yield
    for _ in range(dice.randrange(1, 4)):
        shop.clock.turn(days=31)
        if dice.random() < 0.25:
            shop.world.turn_period(subscription)
            invoice = shop.world.refuse(subscription, dice.choice(("past_due", "unpaid")))
            yield
            if dice.random() < 0.3:
                break
            shop.clock.turn(days=3)
            shop.world.collect(invoice)
            shop.clock.turn(seconds=5)
            shop.world.update(subscription, status="active")
        else:
            invoice = shop.world.renew(subscription)
        yield
        yield from _money(dice, shop, invoice)
        if dice.random() < 0.4:
            shop.clock.turn(days=1)
            shop.world.change(subscription, **dice.choice(({"quantity": dice.randrange(1, 6)}, {"price": team})))
            yield
    if dice.random() < 0.4:
        shop.clock.turn(days=1)
        shop.world.end(subscription)
        yield


def _monthly(shop: Shop, package: str, amount: int) -> str:
    """The price of a month of a package; one for all lives."""
    prices = (name.partition(" ")[2] for name, sold in shop.sells.items() if sold == package)
    found = (price for price in prices if shop.world.get(price)["recurring"])
    return next(found, "") or shop.price(package, amount, "month")


def _money(dice: Random, shop: Shop, sold: str) -> Iterator[None]:
    payment = shop.world.payment_of(sold)
    if dice.random() < 0.4:
        charged = shop.world.get(payment)["amount"]
        refund = shop.world.refund(payment, dice.choice((None, charged // 3)))
        yield
        if dice.random() < 0.3:
            shop.clock.turn(days=1)
            shop.world.get(shop.world.get(refund)["charge"])["amount_refunded"] = 0
            shop.world.refund_becomes(refund, "failed")
            yield
    if dice.random() < 0.3:
        dispute = shop.world.dispute(payment, dice.choice(("needs_response", "warning_needs_response")))
        yield
        for word in dice.choice((["won"], ["lost"], ["lost", "appeal_under_review", "won"])):
            shop.clock.turn(days=7)
            shop.world.dispute_becomes(dispute, word)
            yield
