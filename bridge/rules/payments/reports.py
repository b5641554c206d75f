"""What a provider says, in words that are nobody's: reports about purchases, made of facts and of what was bought.

A report names no package: which of the provider's things are which packages is the owner's word (`offers`), and
whoever has it fills it in. So a report is the same whoever reads it, and whenever.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from bridge.rules.payments.facts import Fact, PaidPeriod, QuantityMode, Sale, Snapshot, SnapshotItem, SoldLine
from bridge.rules.terms import Term

MatchType = Literal["price", "product", "payment_link", "plan", "metadata"]
Name = tuple[MatchType, str]


class Why(StrEnum):
    """Why an event changed nothing. The first group is ignored for good, the second is tried again or replayed."""

    OTHER_TYPE = "other_type"  # not one of those that mean something here
    WRONG_MODE = "wrong_mode"  # a test event at a live account, or the reverse
    UNMAPPED = "unmapped"  # nothing that was bought is a package of ours
    EARLIER = "earlier"  # a sale from before the account was connected, and no key is bound to it
    NOT_A_SALE = "not_a_sale"  # nothing was bought: a card was saved, an invoice stands for itself
    NO_CHANGE = "no_change"  # all of it was known
    MISMATCH = "mismatch"  # what was paid is not what the owner asks, or went to somebody else

    UNREADABLE = "unreadable"  # signed, but not what an event is
    FORGED = "forged"  # not signed by the provider, as turned out once it was asked; counted, and not kept
    UNKNOWN_SHAPE = "unknown_shape"  # of another version than this program reads
    NOT_THEIRS = "not_theirs"  # the provider has no such object: forged, or another account's
    AWAY = "away"  # the provider does not answer
    NO_ACCESS = "no_access"  # the provider refuses our key
    REFUSED = "refused"  # a rule forbids to issue the key now
    CONFLICT = "conflict"  # what was told contradicts what is known
    BUG = "bug"  # this program's own fault


# Nothing will be different the next time, so nobody tries again by itself.
FOR_GOOD = frozenset({Why.UNREADABLE, Why.FORGED, Why.UNKNOWN_SHAPE, Why.CONFLICT})


@dataclass(frozen=True, slots=True)
class Offer:
    """What was bought, by all its names that may be mapped to a package; the first that is mapped counts."""

    names: tuple[Name, ...] = ()

    def with_more(self, names: Iterable[Name]) -> "Offer":
        """The same, with further names that count after these."""
        return Offer((*self.names, *(name for name in names if name not in self.names)))


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as far as it was told. ``fields`` are what the buyer filled in: nothing to trust."""

    email: str = ""
    name: str = ""
    ref: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Report:
    """What was told of one purchase (``ref``); or, without a ``ref``, of payments that lead to one.

    ``offers`` by line; ``made_at``: when the sale was made, where that was told; ``order``: ours, where we began it.
    ``asks_price``: whoever began the sale may have set its prices, so what was paid has to be what the owner asks;
    ``doubt``: why a person should look before anything is issued. A person who accepted the sale ends both.
    """

    facts: tuple[Fact, ...]
    ref: str = ""
    subscription: bool = False
    buyer: Buyer = Buyer()
    offers: Mapping[str, Offer] = field(default_factory=lambda: MappingProxyType({}))
    made_at: datetime | None = None
    order: str = ""
    asks_price: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told, once (``once`` is the name of the occasion), about the purchase of a payment or a ref."""

    kind: Literal["payment_failed", "sale_failed", "fraud_warning"]
    once: str
    ref: str = ""
    payment_ref: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event comes to. ``why``, where it comes to nothing, with a sentence for people."""

    reports: tuple[Report, ...] = ()
    notices: tuple[Notice, ...] = ()
    why: Why | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a line turns out to be: a package, with the term that it is sold with; or (``None``) nothing of ours.

    ``amount_minor``: what the owner asks for one of it, where that is known here.
    """

    package_id: int | None = None
    quantity_mode: QuantityMode | Literal[""] = ""
    term: Term | None = None
    grace: timedelta = timedelta()
    amount_minor: int | None = None
    currency: str = ""


def filled(fact: Fact, lines: Mapping[str, Mapped]) -> Fact:
    """The fact with what its lines turned out to be. A line of a subscription has no term: its periods give it time."""
    if isinstance(fact, SoldLine) and fact.line_ref in lines:
        line = lines[fact.line_ref]
        return replace(
            fact,
            package_id=line.package_id,
            quantity_mode=line.quantity_mode,
            term=line.term,
            grace=line.grace,
        )
    if isinstance(fact, PaidPeriod) and fact.line_ref in lines:
        line = lines[fact.line_ref]
        return replace(fact, package_id=line.package_id, quantity_mode=line.quantity_mode)
    if isinstance(fact, Snapshot):
        return replace(fact, items=tuple(_filled_item(item, lines) for item in fact.items))
    return fact


def _filled_item(item: SnapshotItem, lines: Mapping[str, Mapped]) -> SnapshotItem:
    line = lines.get(item.line_ref, Mapped())
    return replace(item, package_id=line.package_id, quantity_mode=line.quantity_mode)


def price_doubt(sale: Sale, lines: Iterable[tuple[SoldLine, Mapped]]) -> str:
    """Why what was paid is not what the owner asks; "" where it is at least that (taxes may come on top)."""
    asked = 0
    for line, mapped in lines:
        if mapped.package_id is None:
            continue
        if mapped.amount_minor is None:
            return f"nobody said what {line.line_ref} costs, so what was paid can't be checked"
        if mapped.currency != sale.currency:
            return f"it was paid in {sale.currency or 'no currency that is known'}, and costs {mapped.currency}"
        asked += mapped.amount_minor * line.quantity
    if sale.amount_minor is None:
        return "what was paid is not told"
    return "less was paid than it costs" if sale.amount_minor < asked else ""


def joined(reports: Iterable[Report]) -> list[Report]:
    """One report for each purchase, and at the end one for payments whose purchase is not named."""
    found: dict[str, Report] = {}
    for report in reports:
        earlier = found.get(report.ref)
        found[report.ref] = report if earlier is None else _both(earlier, report)
    return sorted(found.values(), key=lambda report: not report.ref)


def _both(one: Report, other: Report) -> Report:
    offers = dict(one.offers)
    for line, offer in other.offers.items():
        offers[line] = offers[line].with_more(offer.names) if line in offers else offer
    return Report(
        facts=(*one.facts, *other.facts),
        ref=one.ref,
        subscription=one.subscription or other.subscription,
        buyer=Buyer(
            one.buyer.email or other.buyer.email,
            one.buyer.name or other.buyer.name,
            one.buyer.ref or other.buyer.ref,
            one.buyer.fields or other.buyer.fields,
        ),
        offers=offers,
        made_at=min(filter(None, (one.made_at, other.made_at)), default=None),
        order=one.order or other.order,
        asks_price=one.asks_price or other.asks_price,
        doubt=one.doubt or other.doubt,
    )
