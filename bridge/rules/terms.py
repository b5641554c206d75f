"""How long a key lasts: terms, renewals, and the expiry a person sets beside what was paid.

All moments are aware datetimes and come back in UTC. Months are calendar months counted from the start of the chain,
clamped to the last day: a chain begun on 31 January ends its periods on 28 February, 31 March, 30 April.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Kind = Literal["lifetime", "annual", "monthly", "days", "custom"]

_MONTHS = {"annual": 12, "monthly": 1}


class InvalidTerm(ValueError):  # noqa: N818 - named for what happened
    """A term that cannot be: the message is a sentence for the person who entered it."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long one purchase lasts.

    ``days`` belongs to kind "days", ``starts`` and ``until`` to "custom". A plain date in ``until`` is meant
    inclusively, as people say it: the key expires at the midnight that ends that day. Raises `InvalidTerm`.
    """

    kind: Kind
    days: int | None = None
    starts: date | datetime | None = None
    until: date | datetime | None = None

    def __post_init__(self) -> None:
        if self.kind not in {"lifetime", "annual", "monthly", "days", "custom"}:
            raise InvalidTerm(f"“{self.kind}” is not a term; choose lifetime, annual, monthly, days or custom.")
        if (self.kind == "days") != (self.days is not None):
            raise InvalidTerm("A number of days belongs to the term “days”, and to no other.")
        if self.days is not None and self.days < 1:
            raise InvalidTerm("A term lasts one day at least.")
        if self.kind != "custom" and (self.starts is not None or self.until is not None):
            raise InvalidTerm("From and until dates belong to the term “custom”, and to no other.")
        starts, until = custom_start(self), custom_end(self)
        if starts is not None and until is not None and until <= starts:
            raise InvalidTerm("The until date must lie after the from date.")


@dataclass(frozen=True, slots=True)
class Period:
    """What has been paid for: where the chain of terms began, and where it ends (None: never)."""

    chain_start: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExpiryEdit:
    """A person's own word about the expiry, kept beside the payments.

    "extend" gives at least until then, "fix" gives exactly until then; ``until`` None means without end.
    """

    kind: Literal["extend", "fix"]
    until: datetime | None


def custom_start(term: Term) -> datetime | None:
    """Return the moment a custom term begins, if it says so."""
    return None if term.starts is None else _moment(term.starts)


def custom_end(term: Term) -> datetime | None:
    """Return the moment a custom term ends (exclusive), if it says so."""
    if term.until is None:
        return None
    if isinstance(term.until, datetime):
        return _moment(term.until)
    return add_days(_moment(term.until), 1)


def first_window(term: Term, now: datetime) -> tuple[datetime, datetime | None]:
    """Return ``(starts_at, expires_at)`` of a key issued at ``now``; None means that it never expires."""
    if term.kind == "custom":
        starts_at, expires_at = custom_start(term) or _moment(now), custom_end(term)
        if expires_at is not None and expires_at <= max(starts_at, _moment(now)):
            raise InvalidTerm("This term is over already; no key can be issued for it.")
        return starts_at, expires_at
    starts_at = _moment(now)
    return starts_at, nth_end(starts_at, term, 1)


def nth_end(chain_start: datetime, term: Term, n: int) -> datetime | None:
    """Return where the n-th period (from 1) of a chain of equal terms ends; None for lifetime.

    Raises `InvalidTerm` past the year 9999 and for a custom term, which has one period only.
    """
    if n < 1:
        raise ValueError("periods are counted from 1")
    if term.kind == "lifetime":
        return None
    if term.kind == "custom":
        if n > 1:
            raise InvalidTerm("A custom term has one period; its dates must be changed to sell it again.")
        return custom_end(term)
    if term.days is not None:
        return add_days(_moment(chain_start), term.days * n)
    return add_months(_moment(chain_start), _MONTHS[term.kind] * n)


def renew(
    expires_at: datetime | None, grace: timedelta, term: Term, paid_at: datetime, chain_start: datetime
) -> Period:
    """Return what a key has after another term was paid at ``paid_at`` (the provider's time, not that of arrival).

    Paid before expiry or in grace, the term counts on from the expiry, later from the payment; where that would still
    leave the key expired, it counts from the payment too. So ``expires_at > paid_at`` holds for every answer.
    """
    paid_at, chain_start = _moment(paid_at), _moment(chain_start)
    if expires_at is None or term.kind == "lifetime":
        return Period(chain_start, None)
    expires_at = _moment(expires_at)
    if term.kind == "custom":
        return _renewed_custom(expires_at, term, paid_at, chain_start)
    if paid_at < _saturated(expires_at, grace):
        continued = _continued(chain_start, expires_at, term)
        if continued > paid_at:
            return Period(chain_start, continued)
    return Period(paid_at, nth_end(paid_at, term, 1))


def effective_expiry(paid_until: datetime | None, edit: ExpiryEdit | None) -> datetime | None:
    """Return the expiry that counts: payments and a person's edit together. None means that it never comes."""
    if edit is None:
        return paid_until
    if edit.kind == "fix":
        return edit.until
    if paid_until is None or edit.until is None:
        return None
    return max(paid_until, edit.until)


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time so many calendar months later, clamped to the month's last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004 - the calendar of datetime
        raise InvalidTerm("This term ends after the year 9999; choose lifetime instead.")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def add_days(moment: datetime, days: int) -> datetime:
    """Return the moment so many days of 24 hours later."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        raise InvalidTerm("This term ends after the year 9999; choose lifetime instead.") from None


def _continued(chain_start: datetime, expires_at: datetime, term: Term) -> datetime:
    """Count a term on from the expiry.

    An expiry that lies whole months after the chain's start keeps the day of that start, so that clamping in February
    does not stick. Any other (days before, or a person's edit) is a start of its own.
    """
    if term.days is not None:
        return add_days(expires_at, term.days)
    months = (expires_at.year - chain_start.year) * 12 + expires_at.month - chain_start.month
    if months > 0 and add_months(chain_start, months) == expires_at:
        return add_months(chain_start, months + _MONTHS[term.kind])
    return add_months(expires_at, _MONTHS[term.kind])


def _renewed_custom(expires_at: datetime, term: Term, paid_at: datetime, chain_start: datetime) -> Period:
    until = custom_end(term)
    if until is None:
        return Period(chain_start, None)
    renewed = max(until, expires_at)
    if renewed <= paid_at:
        raise InvalidTerm("This package's until date is past; change it before selling a renewal.")
    return Period(chain_start, renewed)


def _saturated(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment + max(span, timedelta())
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _moment(value: date | datetime) -> datetime:
    """Return an aware UTC datetime; a plain date is its first midnight. Naive datetimes are a mistake of the caller."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    if value.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return value.astimezone(UTC)
