"""What became of each payment of a purchase: how much of it went back, and who contests it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from bridge.rules.payments import statuses
from bridge.rules.payments.facts import OWN_PAYMENT, Refund
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import Purchase

NOTHING, ALL = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The payments that something happened to, by name: the sale's own is `OWN_PAYMENT`, others are periods'.

    ``gone`` holds the part that went back, `ALL` where the payment counts as undone. ``partial`` names payments of
    which a part went back. ``weights`` are those of all disputes; ``reviews`` are sentences for people.
    """

    gone: Mapping[str, Fraction]
    partial: frozenset[str]
    weights: frozenset[statuses.Weight]
    reviews: tuple[str, ...]

    def undone(self, payment: str) -> bool:
        """Whether nothing is left of a payment."""
        return self.gone.get(payment, NOTHING) == ALL


def ledger(purchase: Purchase, policy: Policy) -> Ledger:
    """Attribute refunds, floors and disputes to payments. What leads nowhere yet waits and has no effect."""
    find = _finder(purchase)
    gone: dict[str, Fraction] = {}
    partial: set[str] = set()
    reviews: list[str] = []
    charges = _charges(purchase, find)
    for payment in sorted(_touched(purchase, find)):
        charged, currency = charges(payment)
        net = _net_refund(purchase, find, payment, currency, reviews)
        if net is None or (charged is not None and net >= charged > 0):
            gone[payment] = ALL
        elif net > 0:
            partial.add(payment)
            gone[payment] = _part(net, charged, policy)
            if charged is None:
                reviews.append(f"{_called(payment)} was refunded in part or as a whole: its amount is not known")
    disputes = [fact for fact in purchase.disputes if find(fact.payment_ref) is not None]
    return Ledger(
        MappingProxyType(gone),
        frozenset(partial),
        frozenset(statuses.weight(fact.status) for fact in disputes),
        (*reviews, *_unknown_words(purchase)),
    )


def _finder(purchase: Purchase) -> Callable[[str], str | None]:
    """Return what leads a payment's name to `OWN_PAYMENT` or a period, or to None as long as nobody knows it."""
    periods = {fact.period_ref for fact in purchase.periods}
    links = {fact.payment_ref: fact.leads_to for fact in purchase.links}
    own = {OWN_PAYMENT: OWN_PAYMENT}
    sale = purchase.sale
    if sale is not None:
        # Where the sale only opened a subscription, its money is the first invoice's.
        target = sale.invoice_ref if sale.subscription_ref and sale.invoice_ref else OWN_PAYMENT
        own |= dict.fromkeys((OWN_PAYMENT, sale.sale_ref, sale.payment_ref, sale.invoice_ref), target)

    def find(name: str) -> str | None:
        seen = set()
        while name not in periods and name not in own:
            if name in seen or name not in links:
                return None
            seen.add(name)
            name = links[name]
        return name if name in periods else own[name]

    return find


def _charges(purchase: Purchase, find: Callable[[str], str | None]) -> Callable[[str], tuple[int | None, str]]:
    """Return what tells the charge and the currency of a payment.

    Charges that were told go before the sum of lines, which knows neither taxes nor credits.
    """
    told: dict[str, dict[str, int]] = defaultdict(dict)
    currencies: dict[str, str] = {}
    for name, amount, currency in [
        *((link.payment_ref, link.amount_minor, link.currency) for link in purchase.links),
        *((floor.payment_ref, floor.total_minor, floor.currency) for floor in purchase.floors),
    ]:
        payment = find(name)
        if payment is not None and amount is not None:
            told[payment][name] = max(amount, told[payment].get(name, 0))
            currencies[payment] = currencies.get(payment) or currency

    def charge(payment: str) -> tuple[int | None, str]:
        if payment in told:
            return sum(told[payment].values()), currencies[payment]
        if payment == OWN_PAYMENT:
            return (purchase.sale.amount_minor, purchase.sale.currency) if purchase.sale else (None, "")
        lines = [fact for fact in purchase.periods if fact.period_ref == payment]
        amounts = [fact.amount_minor for fact in lines if fact.amount_minor is not None]
        whole = sum(amounts) if len(amounts) == len(lines) else None
        return whole, next((fact.currency for fact in lines if fact.currency), "")

    return charge


def _touched(purchase: Purchase, find: Callable[[str], str | None]) -> set[str]:
    names = [*(fact.payment_ref for fact in purchase.refunds), *(fact.payment_ref for fact in purchase.floors)]
    return {payment for payment in map(find, names) if payment is not None}


def _net_refund(
    purchase: Purchase, find: Callable[[str], str | None], payment: str, currency: str, reviews: list[str]
) -> int | None:
    """Return how much of a payment went back; None: all of it, whatever that is."""
    refunds = [fact for fact in purchase.refunds if find(fact.payment_ref) == payment]
    floors = [fact for fact in purchase.floors if find(fact.payment_ref) == payment]
    if any(fact.status == "won" and find(fact.payment_ref) in {payment, OWN_PAYMENT} for fact in purchase.disputes):
        refunds = [fact for fact in refunds if fact.kind != "reversal"]
    strange = [fact for fact in refunds if currency and fact.currency and fact.currency != currency]
    reviews.extend(f"the refund {fact.refund_ref} is in {fact.currency}, its payment in {currency}" for fact in strange)
    refunds = [fact for fact in refunds if fact not in strange]
    leaving = [fact for fact in refunds if statuses.money_is_leaving(fact.status)]
    if any(fact.amount_minor is None for fact in leaving):
        return None
    failed = _sum(fact for fact in refunds if fact.status == "failed")
    return max(_sum(leaving), sum(fact.refunded_minor for fact in floors) - failed)


def _part(net: int, charged: int | None, policy: Policy) -> Fraction:
    if policy.partial_refund == "revoke":
        return ALL
    if policy.partial_refund == "ignore" or not charged:
        return NOTHING
    return Fraction(net, charged)


def _unknown_words(purchase: Purchase) -> list[str]:
    things = [
        *((f"the refund {fact.refund_ref}", fact.unknown_status) for fact in purchase.refunds if fact.unknown_status),
        *((f"the dispute {fact.dispute_ref}", fact.unknown_status) for fact in purchase.disputes if fact.needs_review),
    ]
    if purchase.snapshot is not None and purchase.snapshot.needs_review:
        things.append(("the subscription", purchase.snapshot.unknown_status))
    return [f"{thing} has a status that is not known here: {_shown(word)}" for thing, word in things]


def _sum(refunds: Iterable[Refund]) -> int:
    return sum(fact.amount_minor or 0 for fact in refunds)


def _shown(word: str) -> str:
    """A word from outside, as much of it as a sentence can hold."""
    return "".join(sign if sign.isprintable() else "?" for sign in word[:60])


def _called(payment: str) -> str:
    return f"the payment {payment}" if payment else "the payment of the sale"
