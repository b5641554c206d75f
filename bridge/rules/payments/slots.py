"""Which keys a purchase demands: a slot for each unit of each line, filled once and never twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bridge.rules.payments.facts import EVERY_LINE, PaidPeriod, SnapshotItem, SoldLine
from bridge.rules.payments.merging import BEGINNING
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.purchase import Purchase

# A provider's quantity is a buyer's input; more than this is looked at by a person first.
MOST_UNITS = 1000

UNBOUND = ""


class Slot(NamedTuple):
    """The place of one key in a purchase: unit ``unit_no`` (from 1) of a line.

    ``line_ref`` `UNBOUND`: a key that was there before its purchase was known, not bound to a line yet.
    """

    line_ref: str
    unit_no: int


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that has its key already.

    ``adopted``: the key is older than the purchase and had been paid until ``owned_until`` (None: for ever).
    """

    package_id: int
    adopted: bool = False
    owned_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What must be done so that every demanded slot has its one key: bind adopted keys to slots, then make keys.

    ``bind`` holds pairs (the adopted slot as it is named now, its name from now on); it happens once for each key.
    ``mint`` holds (slot, package id).
    """

    bind: tuple[tuple[Slot, Slot], ...] = ()
    mint: tuple[tuple[Slot, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of the purchase is now. ``package_id`` None: not mapped to one of ours.

    ``units`` keys, each with ``seats`` times the package's sites; ``paid``: something was paid that gives it time.
    """

    line_ref: str
    package_id: int | None
    units: int
    seats: int
    paid: bool
    ends_at: datetime | None = None
    too_many: bool = False


def lines(purchase: Purchase, policy: Policy) -> dict[str, Line]:
    """Return the lines by name: the subscription's as its snapshot tells, else as its payments do; and the sale's."""
    return {fact.line_ref: _line(fact, purchase, policy) for fact in _present(purchase)}


def pays_for(period: PaidPeriod, line_ref: str) -> bool:
    """Whether a period gives time to a line."""
    return period.line_ref in {EVERY_LINE, line_ref}


def demanded(purchase: Purchase, policy: Policy) -> dict[Slot, int]:
    """Return the slots that must have a key, with the package of each; none while nothing was paid.

    Refunds and disputes change nothing here: a key that was paid for exists, and is revoked.
    """
    wanted = _paid_units(lines(purchase, policy))
    return {slot: package_id for slot, package_id in wanted.items() if package_id is not None}


def settled(purchase: Purchase, policy: Policy, held: Mapping[Slot, Held]) -> Settlement:
    """Return what the slots that are held lack. Adopted keys come first, so that none is made beside them.

    An adopted key goes to a line of its own package where there is one, else to the first that lacks a key: what the
    provider sells is not always mapped the way the key was imported.
    """
    lacking = {slot: package for slot, package in _paid_units(lines(purchase, policy)).items() if slot not in held}
    bind: list[tuple[Slot, Slot]] = []
    waiting = sorted(slot for slot in held if slot.line_ref == UNBOUND)
    for same_package in (True, False):
        for old in list(waiting):
            fits = (slot for slot, package in lacking.items() if not same_package or package == held[old].package_id)
            new = next(fits, None)
            if new is not None:
                bind.append((old, new))
                waiting.remove(old)
                del lacking[new]
    return Settlement(tuple(bind), tuple((slot, package) for slot, package in lacking.items() if package is not None))


def _paid_units(present: Mapping[str, Line]) -> dict[Slot, int | None]:
    paid = sorted((line for line in present.values() if line.paid), key=lambda line: line.line_ref)
    return {Slot(line.line_ref, unit): line.package_id for line in paid for unit in range(1, line.units + 1)}


def _present(purchase: Purchase) -> Iterator[SoldLine | PaidPeriod | SnapshotItem]:
    """Yield what describes each line; of a line that is told twice the last one counts."""
    if purchase.snapshot is None or not purchase.snapshot.items:
        yield from sorted((fact for fact in purchase.periods if fact.line_ref != EVERY_LINE), key=_age)
    yield from purchase.lines
    if purchase.snapshot is not None:
        yield from purchase.snapshot.items


def _age(period: PaidPeriod) -> tuple[datetime, datetime, str]:
    return (period.ends_at or BEGINNING, period.paid_at or BEGINNING, period.period_ref)


def _line(fact: SoldLine | PaidPeriod | SnapshotItem, purchase: Purchase, policy: Policy) -> Line:
    usual = "sites" if purchase.renews_itself else "keys"
    mode = fact.quantity_mode or policy.quantity_mode or usual
    quantity = min(fact.quantity, MOST_UNITS)
    sold = next((line for line in purchase.lines if line.line_ref == fact.line_ref), None)
    return Line(
        line_ref=fact.line_ref,
        package_id=fact.package_id,
        units=quantity if mode == "keys" else min(quantity, 1),
        seats=1 if mode == "keys" else max(quantity, 1),
        paid=(sold is not None and grants_window(purchase, sold))
        or any(pays_for(period, fact.line_ref) for period in purchase.periods),
        ends_at=fact.ends_at if isinstance(fact, SnapshotItem) else None,
        too_many=fact.quantity > MOST_UNITS,
    )


def grants_window(purchase: Purchase, line: SoldLine) -> bool:
    """Whether the sale itself gives the line its time: it is paid, and a term or an end was sold."""
    sale = purchase.sale
    return sale is not None and sale.paid and (line.term is not None or sale.valid_until is not None)
