"""What the facts of a purchase make of each of its keys. No clock: the same facts always give the same answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from bridge.rules.payments.chain import END_OF_TIME, Reach, reach
from bridge.rules.payments.ledger import ledger
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import Purchase
from bridge.rules.payments.slots import UNBOUND, Held, Line, Slot, demanded, lines

Hold = Literal["suspend", "revoke"]
Reason = Literal["", "refunded", "chargeback", "dispute", "unpaid", "paused", "seat_removed"]
Status = Literal["pending", "paid", "failed"]


class Flag(StrEnum):
    """What people should see beside the state of a key; none of them changes what works."""

    TRIAL = "trial"
    PAST_DUE = "past_due"
    ENDS_AT = "ends_at"  # no further payment will come: ``paid_until`` is the end
    PARTIAL_REFUND = "partial_refund"
    INQUIRY = "inquiry"
    STILL_RENEWING = "still_renewing"  # the money went back, yet the provider goes on collecting
    DOUBLE_PAYMENT = "double_payment"  # of a purchase: another one may be the same sale paid twice
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class SlotOutcome:
    """What one key is, as far as money decides. Whether it is expired is for whoever reads it and has a clock.

    ``paid_until`` None: without end. ``works_until`` is the moment up to which a late renewal is waited for, to be set
    against the package's own grace (the later counts; both show as grace); None: nothing beyond the package's.
    ``hold`` and ``reason`` come together. ``seats`` multiplies the package's sites. ``starts_at`` None: the key keeps
    its own, since nothing was paid for it here.
    """

    package_id: int
    starts_at: datetime | None
    paid_until: datetime | None
    works_until: datetime | None = None
    hold: Hold | None = None
    reason: Reason = ""
    seats: int = 1
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A purchase as a whole: its status, each slot that is demanded or held, and why a person should look at it."""

    status: Status
    slots: Mapping[Slot, SlotOutcome]
    flags: frozenset[Flag] = frozenset()
    reviews: tuple[str, ...] = ()

    @property
    def needs_review(self) -> bool:
        """Whether a person should look."""
        return bool(self.reviews)


def outcome(purchase: Purchase, policy: Policy, held: Mapping[Slot, Held] = MappingProxyType({})) -> Outcome:
    """Say what every slot is that is demanded or has a key. Bind adopted slots (`slots.settled`) first."""
    wanted = demanded(purchase, policy)
    judge = _Judge(purchase, policy)
    # A line that is no longer mapped leaves a key the package that it has.
    packages = {slot: each.package_id for slot, each in held.items()} | wanted
    found = {slot: judge.slot(slot, packages[slot], held.get(slot)) for slot in sorted(packages)}
    reviews = judge.reviews(held)
    if reviews:
        found = {slot: replace(each, flags=each.flags | {Flag.NEEDS_REVIEW}) for slot, each in found.items()}
    flags = frozenset[Flag]().union(*(each.flags for each in found.values()), {Flag.NEEDS_REVIEW} if reviews else set())
    return Outcome(status(purchase), MappingProxyType(found), flags, reviews)


def status(purchase: Purchase) -> Status:
    """Say whether the purchase was paid; a payment goes before a failure, whichever was heard of first."""
    if purchase.periods or (purchase.sale is not None and purchase.sale.paid):
        return "paid"
    failed = purchase.sale is not None and purchase.sale.failed
    if failed or (purchase.snapshot is not None and purchase.snapshot.status == "incomplete_expired"):
        return "failed"
    return "pending"


class _Judge:
    """What the slots of one purchase have in common."""

    def __init__(self, purchase: Purchase, policy: Policy) -> None:
        self._purchase = purchase
        self._policy = policy
        self._lines = lines(purchase, policy)
        self._ledger = ledger(purchase, policy)
        self._snapshot_status = purchase.snapshot.status if purchase.snapshot else ""
        self._ending = _is_ending(purchase)
        self._reaches: dict[tuple[str, Held | None], Reach] = {}

    def slot(self, slot: Slot, package_id: int, held: Held | None) -> SlotOutcome:
        """Say what one slot is."""
        base = held if held is not None and held.adopted else None
        line = self._lines.get(slot.line_ref)
        found = self._reach(slot.line_ref, base)
        until = self._paid_until(found, line, base)
        hold, reason = self._hold(slot, line, found, base)
        return SlotOutcome(
            package_id=package_id,
            starts_at=found.starts_at,
            paid_until=until,
            works_until=None if hold == "revoke" else self._works_until(until),
            hold=hold,
            reason=reason,
            seats=line.seats if line else 1,
            flags=self._flags(found),
        )

    def reviews(self, held: Mapping[Slot, Held]) -> tuple[str, ...]:
        """Return why a person should look, in sentences."""
        found = list(self._ledger.reviews)
        found += [f"the line {line.line_ref} asks for too many keys" for line in self._lines.values() if line.too_many]
        if self._policy.unmapped == "review":
            unmapped = [line for line in self._lines.values() if line.package_id is None]
            found += [f"the line {line.line_ref} is not mapped to a package" for line in unmapped]
        broken = sorted({line_ref for (line_ref, _), each in self._reaches.items() if each.broken})
        found += [f"the term of {f'the line {name}' if name else 'the purchase'} can't be counted" for name in broken]
        paid_lines = any(line.paid for line in self._lines.values())
        if paid_lines and any(slot.line_ref == UNBOUND for slot in held):
            found.append("a key was adopted that no line of the purchase pays for")
        return tuple(found)

    def _reach(self, line_ref: str, base: Held | None) -> Reach:
        if (line_ref, base) not in self._reaches:
            self._reaches[line_ref, base] = reach(self._purchase, line_ref, self._ledger, base)
        return self._reaches[line_ref, base]

    def _paid_until(self, found: Reach, line: Line | None, base: Held | None) -> datetime | None:
        """What was paid, bounded by the subscription's current period; an adopted key keeps what it had."""
        until = found.paid_until
        if line is not None and line.ends_at is not None:
            until = line.ends_at if until is None else min(until, line.ends_at)
        if base is not None:
            until = None if base.owned_until is None or until is None else max(until, base.owned_until)
        stop = _stop(self._purchase, self._policy)
        if stop is not None:
            until = stop if until is None else min(until, stop)
        return until

    def _hold(self, slot: Slot, line: Line | None, found: Reach, base: Held | None) -> tuple[Hold | None, Reason]:
        """Return what holds the key back. The order of lines is the order of precedence."""
        undone = all(self._ledger.undone(payment) for payment in found.payments)
        if found.payments and undone and base is None:
            return "revoke", "refunded"
        if "lost" in self._ledger.weights:
            return "revoke", "chargeback"
        if "open" in self._ledger.weights and self._policy.dispute_open == "suspend":
            return "suspend", "dispute"
        if self._snapshot_status == "unpaid":
            return "suspend", "unpaid"
        if self._snapshot_status == "paused":
            return "suspend", "paused"
        if slot.line_ref != UNBOUND and (line is None or slot.unit_no > line.units):
            return "suspend", "seat_removed"
        return None, ""

    def _works_until(self, until: datetime | None) -> datetime | None:
        """Return until + leeway, and grace on top while the provider still collects."""
        if until is None or not self._purchase.renews_itself:
            return None
        collecting = self._snapshot_status in {"active", "past_due"} and not self._ending
        span = self._policy.leeway + self._policy.grace if collecting else self._policy.leeway
        return until + span if until < END_OF_TIME - span else END_OF_TIME

    def _flags(self, found: Reach) -> frozenset[Flag]:
        collecting = self._snapshot_status in {"active", "trialing", "past_due"} and not self._ending
        last_is_undone = bool(found.payments) and self._ledger.undone(found.payments[-1])
        weights = self._ledger.weights
        told = "inquiry" in weights or ("open" in weights and self._policy.dispute_open == "ignore")
        applies = {
            Flag.TRIAL: self._snapshot_status == "trialing",
            Flag.PAST_DUE: self._snapshot_status == "past_due",
            Flag.ENDS_AT: self._ending,
            Flag.PARTIAL_REFUND: not self._ledger.partial.isdisjoint(found.payments),
            Flag.INQUIRY: told,
            Flag.STILL_RENEWING: collecting and last_is_undone,
        }
        return frozenset(flag for flag, does in applies.items() if does)


def _is_ending(purchase: Purchase) -> bool:
    """Whether no further payment will come. Providers state it in one of several ways."""
    snapshot = purchase.snapshot
    if purchase.cancel is not None:
        return True
    if snapshot is None:
        return False
    return (
        snapshot.terminal
        or snapshot.cancel_at_period_end
        or snapshot.cancel_at is not None
        or snapshot.ended_at is not None
    )


def _stop(purchase: Purchase, policy: Policy) -> datetime | None:
    """Return the moment at which even paid time ends, where the seller or the policy wants it so."""
    moments = []
    if purchase.cancel is not None and (purchase.cancel.immediate or policy.cancel_now == "immediate"):
        moments.append(purchase.cancel.at)
    if purchase.snapshot is not None and purchase.snapshot.ended_at is not None and policy.cancel_now == "immediate":
        moments.append(purchase.snapshot.ended_at)
    return min(moments, default=None)
