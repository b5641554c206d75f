"""How long the payments of one line reach: windows and renewals, in the order in which they were paid."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from bridge.rules import terms
from bridge.rules.payments.facts import OWN_PAYMENT, PaidPeriod, SoldLine
from bridge.rules.payments.ledger import NOTHING, Ledger
from bridge.rules.payments.merging import BEGINNING
from bridge.rules.payments.purchase import Purchase
from bridge.rules.payments.slots import Held, grants_window, pays_for
from bridge.rules.terms import Term

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """The time that a line has: until when it is paid (None: for ever).

    ``payments`` names what was paid for it, in order, and ``starts_at`` where the first of it began, whatever became
    of the money. ``broken`` says that a term could not be counted.
    """

    payments: tuple[str, ...]
    starts_at: datetime | None
    paid_until: datetime | None
    broken: bool = False


def reach(purchase: Purchase, line_ref: str, ledger: Ledger, base: Held | None = None) -> Reach:
    """Count the payments of a line that were not undone; ``base``: an adopted key, whose own time comes first.

    Where nothing is left, it is paid until where it began, which is to say not at all.
    """
    sold = next((fact for fact in purchase.lines if fact.line_ref == line_ref), None)
    periods = sorted((fact for fact in purchase.periods if pays_for(fact, line_ref)), key=_when)
    count = _Count(base if base is not None and base.adopted else None)
    payments = []
    if sold is not None and grants_window(purchase, sold):
        payments.append(OWN_PAYMENT)
        if not ledger.undone(OWN_PAYMENT):
            count.sale(purchase, sold, ledger.gone.get(OWN_PAYMENT, NOTHING))
    for period in periods:
        payments.append(period.period_ref)
        if not ledger.undone(period.period_ref):
            count.period(period, sold, ledger.gone.get(period.period_ref, NOTHING))
    starts_at = _start(purchase, sold if OWN_PAYMENT in payments else None, periods)
    paid_until = None if count.for_ever else count.until or starts_at or BEGINNING
    return Reach(tuple(payments), starts_at, paid_until, count.broken)


class _Count:
    """A chain that grows payment by payment."""

    def __init__(self, base: Held | None) -> None:
        self.until: datetime | None = base.owned_until if base else None
        self.for_ever = base is not None and base.owned_until is None
        self.chain_start: datetime | None = self.until
        self.broken = False

    def sale(self, purchase: Purchase, line: SoldLine, gone: Fraction) -> None:
        """Add what the sale gives: until the stated end, else one term."""
        sale = purchase.sale
        if sale is None or sale.paid_at is None:
            return
        start = sale.starts_at or sale.paid_at
        if sale.valid_until is not None:
            self._add(start, sale.valid_until, gone)
        elif line.term is not None:
            self._term(line.term, line.grace, start, gone)

    def period(self, period: PaidPeriod, sold: SoldLine | None, gone: Fraction) -> None:
        """Add a period: until its own end, else one more term."""
        if period.ends_at is not None:
            self._add(period.starts_at or period.paid_at or self.until or period.ends_at, period.ends_at, gone)
        elif period.paid_at is not None:
            term, grace = (period.term, period.grace) if period.term or sold is None else (sold.term, sold.grace)
            if term is None:
                self.broken = True
            else:
                self._term(term, grace, period.paid_at, gone)

    def _term(self, term: Term, grace: timedelta, paid_at: datetime, gone: Fraction) -> None:
        if self.for_ever:
            return
        try:
            if self.until is None or self.chain_start is None:
                start, until = terms.first_window(term, paid_at)
            else:
                grown = terms.renew(self.until, grace, term, paid_at, self.chain_start)
                until, start = grown.expires_at, self.until if grown.chain_start == self.chain_start else paid_at
        except terms.InvalidTerm:
            self.broken = True
            start, until = paid_at, terms.custom_end(term) if term.kind == "custom" else END_OF_TIME
        self._add(start, until, gone)

    def _add(self, start: datetime, until: datetime | None, gone: Fraction) -> None:
        """Take ``start`` to ``until`` in, less the part whose money went back; never give up what is there."""
        if self.until is None or start > self.until or self.chain_start is None:
            self.chain_start = start
        if until is None:
            self.for_ever = True
            return
        if gone and until > start:
            # Whole microseconds: a span times an amount of money would be more than a timedelta holds.
            until = start + _MICROSECOND * int((until - start) // _MICROSECOND * (1 - gone))
        self.until = until if self.until is None else max(self.until, until)


def _when(period: PaidPeriod) -> tuple[datetime, datetime, str, str]:
    moment = period.paid_at or period.starts_at or period.ends_at or BEGINNING
    return (moment, period.ends_at or BEGINNING, period.period_ref, period.line_ref)


def _start(purchase: Purchase, sold: SoldLine | None, periods: list[PaidPeriod]) -> datetime | None:
    starts = [period.starts_at or _when(period)[0] for period in periods]
    sale = purchase.sale
    if sold is not None and sale is not None and sale.paid_at is not None:
        stated = terms.custom_start(sold.term) if sold.term is not None else None
        starts.append(sale.starts_at or stated or sale.paid_at)
    return min(starts, default=None)
