"""Facts about what was sold and paid: the sale, its lines, paid periods, and the word that it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bridge.rules.payments.merging import (
    Key,
    check_aware,
    check_not_negative,
    earliest,
    known,
    largest,
    latest,
    write_once,
)
from bridge.rules.terms import Term

QuantityMode = Literal["keys", "sites"]

EVERY_LINE = ""
OWN_PAYMENT = ""


@dataclass(frozen=True, slots=True)
class Sale:
    """The buyer's order (a checkout session, an order, a call of the API): was it paid, and when.

    ``paid_at`` is required once it is paid. A ``valid_until`` that was stated goes before the terms of its lines;
    with ``starts_at`` the terms count from there. ``payment_ref`` names the payment, ``invoice_ref`` its invoice;
    with ``subscription_ref`` it only opened a subscription, whose periods carry the money and the time.
    """

    sale_ref: str
    paid: bool = False
    failed: bool = False
    paid_at: datetime | None = None
    starts_at: datetime | None = None
    valid_until: datetime | None = None
    amount_minor: int | None = None
    currency: str = ""
    payment_ref: str = ""
    invoice_ref: str = ""
    subscription_ref: str = ""

    def __post_init__(self) -> None:
        if self.paid and self.paid_at is None:
            raise ValueError("a paid sale needs the moment of its payment")
        check_not_negative(self.amount_minor)
        check_aware(self.paid_at, self.starts_at, self.valid_until)

    @property
    def key(self) -> Key:
        """A purchase has one sale."""
        return ("sale",)

    def merged(self, other: "Sale") -> "Sale":
        """What both reports say: paid or failed once is so for good (paid goes before), the earliest payment counts."""
        return Sale(
            sale_ref=known(self.sale_ref, other.sale_ref),
            paid=self.paid or other.paid,
            failed=self.failed or other.failed,
            paid_at=earliest(self.paid_at, other.paid_at),
            starts_at=earliest(self.starts_at, other.starts_at),
            valid_until=latest(self.valid_until, other.valid_until),
            amount_minor=largest(self.amount_minor, other.amount_minor),
            currency=known(self.currency, other.currency),
            payment_ref=known(self.payment_ref, other.payment_ref),
            invoice_ref=known(self.invoice_ref, other.invoice_ref),
            subscription_ref=known(self.subscription_ref, other.subscription_ref),
        )


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of the sale: so many of a package, for a term of its own.

    ``package_id`` None: nothing of ours, as far as is known. ``term`` and ``grace`` are those of the package at the
    time of the sale, since a later edit of the package must not move what was sold; without a term (and without the
    sale's ``valid_until``) only periods give the line its time. ``quantity_mode`` "" leaves it to the policy.
    """

    line_ref: str
    package_id: int | None
    quantity: int = 1
    term: Term | None = None
    grace: timedelta = timedelta()
    quantity_mode: QuantityMode | Literal[""] = ""

    def __post_init__(self) -> None:
        if self.line_ref == EVERY_LINE:
            raise ValueError("a line needs a name of its own")
        check_not_negative(self.quantity)

    @property
    def key(self) -> Key:
        """One line for each name."""
        return ("line", self.line_ref)

    def merged(self, other: "SoldLine") -> "SoldLine":
        """What is known of the line; a package that is found later completes it."""
        return SoldLine(
            line_ref=self.line_ref,
            package_id=write_once(self.package_id, other.package_id),
            quantity=max(self.quantity, other.quantity),
            term=write_once(self.term, other.term, repr),
            grace=max(self.grace, other.grace),
            quantity_mode=_mode(self.quantity_mode, other.quantity_mode),
        )


@dataclass(frozen=True, slots=True)
class PaidPeriod:
    """A stretch of time that was paid: a line of a subscription's paid invoice, or a renewal told to the API.

    ``period_ref`` names the payment (an invoice, a sale), ``line_ref`` the line it pays for (`EVERY_LINE`: all). A
    period without ``ends_at`` is one ``term`` of the package as it was then, chained by ``paid_at``, which it needs;
    its ``term`` None means the line's. Credits (negative amounts) are no periods; several stretches that one payment
    pays for one line are one, their amounts added up. ``package_id``, ``quantity`` and ``quantity_mode`` tell what was
    paid where no subscription snapshot is known yet.
    """

    period_ref: str
    line_ref: str = EVERY_LINE
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    paid_at: datetime | None = None
    amount_minor: int | None = None
    currency: str = ""
    term: Term | None = None
    grace: timedelta = timedelta()
    package_id: int | None = None
    quantity: int = 1
    quantity_mode: QuantityMode | Literal[""] = ""

    def __post_init__(self) -> None:
        if self.period_ref == OWN_PAYMENT:
            raise ValueError("a period needs the name of its payment")
        if self.ends_at is None and self.paid_at is None:
            raise ValueError("a period without an end needs the moment of its payment")
        check_not_negative(self.amount_minor)
        check_not_negative(self.quantity)
        check_aware(self.starts_at, self.ends_at, self.paid_at)

    @property
    def key(self) -> Key:
        """One payment pays once for a line."""
        return ("period", self.period_ref, self.line_ref)

    def merged(self, other: "PaidPeriod") -> "PaidPeriod":
        """What both reports say; a stated end goes before none, the later before the earlier."""
        return PaidPeriod(
            period_ref=self.period_ref,
            line_ref=self.line_ref,
            starts_at=earliest(self.starts_at, other.starts_at),
            ends_at=latest(self.ends_at, other.ends_at),
            paid_at=earliest(self.paid_at, other.paid_at),
            amount_minor=largest(self.amount_minor, other.amount_minor),
            currency=known(self.currency, other.currency),
            term=write_once(self.term, other.term, repr),
            grace=max(self.grace, other.grace),
            package_id=write_once(self.package_id, other.package_id),
            quantity=max(self.quantity, other.quantity),
            quantity_mode=_mode(self.quantity_mode, other.quantity_mode),
        )


@dataclass(frozen=True, slots=True)
class Cancel:
    """The word that no further payment will come, for sources without snapshots. ``immediate``: nor the paid rest."""

    at: datetime
    immediate: bool = False

    def __post_init__(self) -> None:
        check_aware(self.at)

    @property
    def key(self) -> Key:
        """A purchase is cancelled once."""
        return ("cancel",)

    def merged(self, other: "Cancel") -> "Cancel":
        """The earlier moment and the stricter word."""
        return Cancel(min(self.at, other.at), self.immediate or other.immediate)


def _mode(one: QuantityMode | Literal[""], other: QuantityMode | Literal[""]) -> QuantityMode | Literal[""]:
    return min(one, other) if one and other else one or other
