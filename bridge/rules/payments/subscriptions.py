"""The fact about a subscription: how its provider shows it at one moment."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Literal

from bridge.rules.payments import statuses
from bridge.rules.payments.merging import PUSHED, Key, Version, check_aware, check_not_negative, known
from bridge.rules.payments.sold import EVERY_LINE, QuantityMode


@dataclass(frozen=True, slots=True)
class SnapshotItem:
    """A line of a subscription as it is now. ``ends_at``: the current period's end, paid or not."""

    line_ref: str
    package_id: int | None
    quantity: int = 1
    ends_at: datetime | None = None
    quantity_mode: QuantityMode | Literal[""] = ""

    def __post_init__(self) -> None:
        if self.line_ref == EVERY_LINE:
            raise ValueError("an item needs a name of its own")
        check_not_negative(self.quantity)
        check_aware(self.ends_at)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A subscription as its provider shows it. It gives no time; it bounds what was paid and says what is held back.

    The latest ``version`` counts as a whole; a terminal status counts whatever comes later. ``items`` stand in the
    order of their names; none means that the source doesn't tell. Use `Snapshot.seen` for words from outside: of a
    report with an unknown status nothing is taken over but the word.
    """

    subscription_ref: str
    status: str = ""
    items: tuple[SnapshotItem, ...] = ()
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    ended_at: datetime | None = None
    version: Version = PUSHED
    unknown_status: str = ""
    unknown_version: Version = PUSHED

    def __post_init__(self) -> None:
        if self.status and statuses.rank(statuses.SUBSCRIPTION, self.status) < 0:
            raise ValueError("the status is not one of a subscription")
        if any(one.line_ref >= following.line_ref for one, following in pairwise(self.items)):
            raise ValueError("items stand in the order of their names, each once")
        check_aware(self.cancel_at, self.ended_at, self.version.created, self.unknown_version.created)

    @classmethod
    def seen(
        cls,
        subscription_ref: str,
        status: str,
        items: tuple[SnapshotItem, ...] = (),
        *,
        cancel_at: datetime | None = None,
        cancel_at_period_end: bool = False,
        ended_at: datetime | None = None,
        version: Version = PUSHED,
    ) -> "Snapshot":
        """A subscription as it was reported, with whatever word for its status and its items in any order."""
        if statuses.rank(statuses.SUBSCRIPTION, status) < 0:
            return cls(subscription_ref, unknown_status=status, unknown_version=version)
        ordered = tuple(sorted(items, key=lambda item: item.line_ref))
        return cls(subscription_ref, status, ordered, cancel_at, cancel_at_period_end, ended_at, version)

    @property
    def key(self) -> Key:
        """A purchase has one subscription."""
        return ("snapshot",)

    @property
    def terminal(self) -> bool:
        """Whether the subscription ended for good."""
        return self.status in statuses.TERMINAL

    @property
    def needs_review(self) -> bool:
        """Whether the latest report is one that nobody here understands. One after the end is of no interest."""
        return bool(self.unknown_status) and not self.terminal and self.unknown_version >= self.version

    def merged(self, other: "Snapshot") -> "Snapshot":
        """The later report, known words and unknown ones apart."""
        later, strange = _later(self, other), max(self, other, key=_strange_order)
        ref = known(self.subscription_ref, other.subscription_ref)
        if later is strange and later.subscription_ref == ref:
            return later
        return replace(
            later,
            subscription_ref=ref,
            unknown_status=strange.unknown_status,
            unknown_version=strange.unknown_version,
        )


def _later(one: Snapshot, other: Snapshot) -> Snapshot:
    """Two different reports of one name are a provider's mistake; their contents decide then, and not their order."""
    first, second = _order(one), _order(other)
    if first == second:
        return max(one, other, key=_said)
    return one if first > second else other


def _order(fact: Snapshot) -> tuple[bool, bool, int, datetime, int, str]:
    rank = statuses.rank(statuses.SUBSCRIPTION, fact.status)
    version = fact.version
    return (bool(fact.status), fact.terminal, version.ticket, version.created, rank, version.event_id)


def _said(fact: Snapshot) -> str:
    return repr((fact.items, fact.cancel_at, fact.cancel_at_period_end, fact.ended_at))


def _strange_order(fact: Snapshot) -> tuple[bool, Version, str]:
    return (bool(fact.unknown_status), fact.unknown_version, fact.unknown_status)
