"""One purchase: all facts about it, each thing once."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.rules.payments.facts import (
    Cancel,
    Dispute,
    Fact,
    Key,
    PaidPeriod,
    PayLink,
    Refund,
    RefundFloor,
    Sale,
    Snapshot,
    SoldLine,
    merged,
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """The gathered facts. Made by `gathered`, which keeps every tuple in the order of its keys.

    ``subscription`` says that it is one although no snapshot is known yet (or ever will be).
    """

    subscription: bool = False
    sale: Sale | None = None
    lines: tuple[SoldLine, ...] = ()
    periods: tuple[PaidPeriod, ...] = ()
    links: tuple[PayLink, ...] = ()
    refunds: tuple[Refund, ...] = ()
    floors: tuple[RefundFloor, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    snapshot: Snapshot | None = None
    cancel: Cancel | None = None

    @property
    def renews_itself(self) -> bool:
        """Whether a provider collects the renewals, so that a late one is waited for."""
        return self.subscription or self.snapshot is not None or bool(self.sale and self.sale.subscription_ref)


def gathered(facts: Iterable[Fact], *, subscription: bool = False) -> Purchase:
    """Merge facts, in whatever order and number they come, into the purchase that they are about."""
    by_key: dict[Key, Fact] = {}
    for fact in facts:
        earlier = by_key.get(fact.key)
        by_key[fact.key] = fact if earlier is None else merged(earlier, fact)
    ordered = [by_key[key] for key in sorted(by_key)]
    return Purchase(
        subscription=subscription,
        sale=next((fact for fact in ordered if isinstance(fact, Sale)), None),
        lines=tuple(fact for fact in ordered if isinstance(fact, SoldLine)),
        periods=tuple(fact for fact in ordered if isinstance(fact, PaidPeriod)),
        links=tuple(fact for fact in ordered if isinstance(fact, PayLink)),
        refunds=tuple(fact for fact in ordered if isinstance(fact, Refund)),
        floors=tuple(fact for fact in ordered if isinstance(fact, RefundFloor)),
        disputes=tuple(fact for fact in ordered if isinstance(fact, Dispute)),
        snapshot=next((fact for fact in ordered if isinstance(fact, Snapshot)), None),
        cancel=next((fact for fact in ordered if isinstance(fact, Cancel)), None),
    )
