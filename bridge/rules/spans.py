"""Ranges of days and their division into days, ISO weeks or months. Days are those of UTC, ends are inclusive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Step = Literal["day", "week", "month"]

STEPS: tuple[Step, ...] = get_args(Step)
MOST_STEPS = 366
MOST_DAYS = 5 * 366
FIRST_DAY = date(2000, 1, 1)
_DAYS_SHOWN, _WEEKS_SHOWN, _MONTHS_SHOWN = 30, 12, 12
_DAY = timedelta(days=1)


class InvalidSpan(ValueError):  # noqa: N818 - named for what happened
    """A range that cannot be; ``field`` says which word of it is wrong, the message is a sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Span:
    """From one day to another, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1


def span(
    step: Step, today: date, since: date | None = None, until: date | None = None, days: int | None = None
) -> Span:
    """The range that somebody means, whichever of its words they said; ``today`` is the last day where none is named.

    Without a beginning it shows the last 30 days, or the last 12 whole weeks or months up to the last day. Raises
    `InvalidSpan`.
    """
    last = until or today
    if since is not None and days is not None:
        raise InvalidSpan("days", "days counts back from until; leave it out where since is stated")
    if last < FIRST_DAY or (since is not None and since < FIRST_DAY):
        raise InvalidSpan("since" if until is None else "until", f"nothing was counted before {FIRST_DAY}")
    # Where people write from, it may be tomorrow already.
    if last > today + _DAY:
        raise InvalidSpan("until", f"lies in the future; it is {today} now (UTC)")
    if since is not None and since > last:
        raise InvalidSpan("since", f"lies after the last day, {last}")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidSpan("days", f"is a whole number from 1 to {MOST_DAYS}")
    found = Span(since or _beginning(step, last, days), last)
    field = "days" if days is not None else "since"
    if found.days > MOST_DAYS:
        raise InvalidSpan(field, f"the range has {found.days} days; {MOST_DAYS} (five years) are the most")
    if len(steps(found, step)) > MOST_STEPS:
        raise InvalidSpan(field, f"the range has more than {MOST_STEPS} steps; take longer ones, such as step=month")
    return found


def steps(whole: Span, step: Step) -> Sequence[Span]:
    """The range in steps, oldest first and without gaps. The first and the last are cut where the range ends."""
    found, first = [], whole.since
    while first <= whole.until:
        after = _next(first, step)
        found.append(Span(first, min(after - _DAY, whole.until)))
        first = after
    return found


def index(divided: Sequence[Span]) -> dict[date, int]:
    """In which step each day lies."""
    return {each.since + n * _DAY: at for at, each in enumerate(divided) for n in range(each.days)}


def _beginning(step: Step, last: date, days: int | None) -> date:
    if days is not None:
        return last - (days - 1) * _DAY
    if step == "week":
        return last - last.weekday() * _DAY - (_WEEKS_SHOWN - 1) * 7 * _DAY
    if step == "month":
        months = last.year * 12 + last.month - 1 - (_MONTHS_SHOWN - 1)
        return date(months // 12, months % 12 + 1, 1)
    return last - (_DAYS_SHOWN - 1) * _DAY


def _next(day: date, step: Step) -> date:
    """The first day of the step that follows the day's own."""
    if step == "week":
        return day + (7 - day.weekday()) * _DAY
    if step == "month":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + _DAY
