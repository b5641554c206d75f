"""What a subscription's payments reach: PayPal tells when money came, and the plan tells for how long that is.

PayPal's own `next_billing_time` lags behind right after a payment, so it is never counted with. A payment follows on
the period before it, as long as it comes while PayPal still tries to collect; later, its period begins with it.

PayPal tells the present plan only, and a plan may change. So a period of another length that was entered before stays
as it is; and a payment that is not known yet, and less than the plan costs, gives no time until a person looked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.payments import paypal_objects as objects
from bridge.payments.provider import Heard, UnknownShapeError
from bridge.payments.told import Json, inner, listed, text
from bridge.rules.payments.facts import PaidPeriod
from bridge.rules.terms import InvalidTerm, add_months

# The only line of a subscription: it stays the same where its plan changes.
LINE = "plan"

# A failed charge is tried twice more, five days apart; and some days for the bank.
_COLLECTS = timedelta(days=15)
# Months differ in length by so much: those of one cycle are not told apart.
_MONTHS_DIFFER = timedelta(days=3)
_DAYS = {"DAY": 1, "WEEK": 7}
_MONTHS = {"MONTH": 1, "YEAR": 12}
_MOST_COUNT, _MOST_CYCLES = 365, 1000
_DOUBT = (
    "a payment that is less than the plan costs now gave no time (the plan, or its price, may have changed); extend the"
    " key by hand, or accept the sale as it is"
)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came for a subscription, by the name of its sale."""

    ref: str
    at: datetime
    amount_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Cycle:
    """A stretch of a plan: so long, so many times (0: without end), for so much."""

    unit: str
    count: int
    times: int
    amount_minor: int
    currency: str

    def is_length_of(self, period: PaidPeriod) -> bool:
        """Whether a period may be one of this cycle's."""
        if period.starts_at is None or period.ends_at is None:
            return False
        off = abs(self.after(period.starts_at, 1) - period.ends_at)
        return off <= (_MONTHS_DIFFER if self.unit in _MONTHS else timedelta())

    def after(self, start: datetime, periods: int) -> datetime:
        """Where the n-th period from ``start`` ends. Raises `UnknownShapeError`."""
        try:
            if self.unit in _MONTHS:
                return add_months(start, _MONTHS[self.unit] * self.count * periods)
            return start + timedelta(days=_DAYS[self.unit] * self.count * periods)
        except (InvalidTerm, OverflowError):
            raise UnknownShapeError("the plan's cycle reaches past the end of all calendars") from None


def cycles(plan: Json) -> list[Cycle]:
    """The stretches of a plan in their order: trials, then what goes on."""
    told = sorted(listed(plan.get("billing_cycles")), key=lambda cycle: str(cycle.get("sequence")).zfill(3))
    found = [_cycle(each) for each in told]
    if not found:
        raise UnknownShapeError("the plan has no billing_cycles")
    return found


def _cycle(told: Json) -> Cycle:
    frequency = inner(told, "frequency")
    unit, count, times = (
        text(frequency.get("interval_unit")),
        frequency.get("interval_count", 1),
        told.get("total_cycles"),
    )
    if unit not in _DAYS | _MONTHS or not isinstance(count, int) or not 1 <= count <= _MOST_COUNT:
        raise UnknownShapeError("the plan's frequency is none that is known here")
    amount, currency = objects.amount(inner(told, "pricing_scheme").get("fixed_price"))
    trial = text(told.get("tenure_type")) == "TRIAL"
    if amount is None and not trial:
        raise UnknownShapeError("the plan has no fixed_price")
    limit = times if isinstance(times, int) and 0 <= times <= _MOST_CYCLES else 0
    return Cycle(unit, count, max(limit, 1) if trial else limit, amount or 0, currency)


@dataclass(frozen=True, slots=True)
class Reach:
    """The periods of a subscription, and why a person should look at its payments ("": nobody needs to)."""

    periods: list[PaidPeriod]
    doubt: str = ""


def periods(
    name: str, start: datetime | None, plan: Json, quantity: int, paid: Iterable[Payment], heard: Heard
) -> Reach:
    """The periods of a subscription that were paid, or are free. ``start`` ``None``: it has not begun.

    ``heard``: what was entered before; where a person accepted the sale, payments count whatever they come to.
    """
    all_cycles, known = cycles(plan), {period.period_ref: period for period in heard.periods}
    payments = sorted(paid, key=lambda payment: (payment.at, payment.ref))
    chain, doubt = _Chain(), ""
    found: list[PaidPeriod] = []
    free = [cycle for cycle in all_cycles[:-1] if not cycle.amount_minor]
    if free and start is not None:
        ends_at = start
        for cycle in free:
            ends_at = cycle.after(ends_at, cycle.times)
        chain.until = ends_at
        found.append(PaidPeriod(f"{name}:trial", LINE, start, ends_at, start, 0, free[0].currency, quantity=quantity))
    costing = [cycle for cycle in all_cycles if cycle not in free]
    if not payments or payments[0].ref not in known:
        payments = _without_fee(payments, plan, costing[0], quantity)
    nexts: list[Payment | None] = [*payments[1:], None]
    for payment, after, cycle in zip(payments, nexts, _in_turn(costing), strict=False):
        entered = known.get(payment.ref)
        if entered is not None and entered.ends_at is not None and not cycle.is_length_of(entered):
            chain.reach(entered.ends_at)
            found.append(entered)
            continue
        fits = entered is not None or _fits(payment, cycle, quantity, heard.periods)
        if not fits and not heard.accepted:
            doubt = _DOUBT
            continue
        begins, ends_at = chain.take(payment.at, cycle)
        if not fits and after is not None and after.at < ends_at:  # surely no longer than until it was paid again
            ends_at = max(begins, after.at)
            chain.reach(ends_at)
        found.append(
            PaidPeriod(
                payment.ref,
                LINE,
                begins,
                ends_at,
                payment.at,
                payment.amount_minor,
                payment.currency,
                quantity=quantity,
            )
        )
    return Reach(found, doubt)


def _fits(payment: Payment, cycle: Cycle, quantity: int, known: Iterable[PaidPeriod]) -> bool:
    """Whether a payment is at least what the cycle costs (taxes may come on top), or what such a period cost before."""
    before = [
        (period.amount_minor, period.currency)
        for period in known
        if period.quantity == quantity and cycle.is_length_of(period)
    ]
    asked = [(cycle.amount_minor * quantity, cycle.currency), *before]
    return payment.amount_minor is not None and any(
        amount is not None and amount <= payment.amount_minor and currency == payment.currency
        for amount, currency in asked
    )


def _in_turn(costing: Sequence[Cycle]) -> Iterator[Cycle]:
    """The cycle of each payment: the last one goes on, however often money comes."""
    for cycle in costing[:-1]:
        for _ in range(max(cycle.times, 1)):
            yield cycle
    while True:
        yield costing[-1]


def _without_fee(payments: list[Payment], plan: Json, first: Cycle, quantity: int) -> list[Payment]:
    """Leave a setup fee out that was paid by itself: it gives no time."""
    fee, _ = objects.amount(inner(plan, "payment_preferences").get("setup_fee"))
    alone = payments and fee and payments[0].amount_minor == fee and fee != first.amount_minor * quantity
    return payments[1:] if alone else payments


class _Chain:
    """Periods that follow on each other, counted from where the chain began, so that a 31st stays one."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self._start: datetime | None = None
        self._cycle: tuple[str, int] | None = None
        self._count = 0

    def reach(self, until: datetime) -> None:
        """Go on from a moment that is known otherwise."""
        self.until, self._start = until, None

    def take(self, paid_at: datetime, cycle: Cycle) -> tuple[datetime, datetime]:
        """Where the next period begins and ends."""
        begins = paid_at if self.until is None or paid_at > self.until + _COLLECTS else self.until
        if self._start is None or begins != self.until or self._cycle != (cycle.unit, cycle.count):
            self._start, self._cycle, self._count = begins, (cycle.unit, cycle.count), 0
        self._count += 1
        self.until = cycle.after(self._start, self._count)
        return begins, self.until
