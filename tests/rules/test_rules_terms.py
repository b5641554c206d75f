"""Terms, renewals and edits of the expiry."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.terms import (
    ExpiryEdit,
    InvalidTerm,
    Period,
    Term,
    add_months,
    effective_expiry,
    first_window,
    nth_end,
    renew,
)

ANNUAL, MONTHLY, LIFETIME = Term("annual"), Term("monthly"), Term("lifetime")
GRACE = timedelta(days=14)
MILLISECOND = timedelta(milliseconds=1)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "term", "n", "end"),
    [
        ("2025-01-31", MONTHLY, 1, "2025-02-28"),
        ("2025-01-31", MONTHLY, 2, "2025-03-31"),
        ("2025-01-31", MONTHLY, 3, "2025-04-30"),
        ("2025-01-31", MONTHLY, 4, "2025-05-31"),
        ("2024-01-31", MONTHLY, 1, "2024-02-29"),
        ("2025-12-31", MONTHLY, 2, "2026-02-28"),
        ("2024-02-29", ANNUAL, 1, "2025-02-28"),
        ("2024-02-29", ANNUAL, 4, "2028-02-29"),
        ("2025-06-15T13:14:15", ANNUAL, 1, "2026-06-15T13:14:15"),
        ("2025-03-01", Term("days", days=30), 2, "2025-04-30"),
    ],
)
def test_periods_count_from_the_start_of_the_chain(start: str, term: Term, n: int, end: str) -> None:
    assert nth_end(day(start), term, n) == day(end)


def test_periods_are_counted_from_one_and_lifetime_has_no_end() -> None:
    assert nth_end(day("2025-01-01"), LIFETIME, 1) is None
    with pytest.raises(ValueError, match="from 1"):
        nth_end(day("2025-01-01"), ANNUAL, 0)


def test_a_summer_time_day_is_counted_in_utc() -> None:
    athens = datetime(2025, 3, 29, 3, 30, tzinfo=ZoneInfo("Europe/Athens"))
    starts_at, expires_at = first_window(Term("days", days=1), athens)
    assert (starts_at, expires_at) == (day("2025-03-29T01:30"), day("2025-03-30T01:30"))
    assert starts_at.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("term", "window"),
    [
        (LIFETIME, ("2025-05-05T10:00", None)),
        (ANNUAL, ("2025-05-05T10:00", "2026-05-05T10:00")),
        (MONTHLY, ("2025-05-05T10:00", "2025-06-05T10:00")),
        (Term("days", days=7), ("2025-05-05T10:00", "2025-05-12T10:00")),
        (Term("custom", starts=date(2025, 6, 1), until=date(2025, 12, 31)), ("2025-06-01", "2026-01-01")),
        (
            Term("custom", starts=day("2025-06-01T12:00"), until=day("2025-06-02T12:00")),
            ("2025-06-01T12:00", "2025-06-02T12:00"),
        ),
        (Term("custom", until=date(2025, 5, 5)), ("2025-05-05T10:00", "2025-05-06")),
        (Term("custom", starts=date(2025, 6, 1)), ("2025-06-01", None)),
    ],
)
def test_the_first_window_of_a_key(term: Term, window: tuple[str, str | None]) -> None:
    starts_at, expires_at = window
    assert first_window(term, day("2025-05-05T10:00")) == (day(starts_at), expires_at and day(expires_at))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Term("weekly"),
        lambda: Term("days"),
        lambda: Term("days", days=0),
        lambda: Term("annual", days=3),
        lambda: Term("annual", until=date(2025, 1, 1)),
        lambda: Term("custom", starts=date(2025, 1, 2), until=date(2025, 1, 1)),
        lambda: Term("custom", until=date.max),
        lambda: first_window(Term("custom", until=date(2025, 1, 1)), day("2025-01-02")),
        lambda: first_window(ANNUAL, day("9999-06-01")),
        lambda: first_window(Term("days", days=10**12), day("2025-01-01")),
        lambda: nth_end(day("2025-01-01"), Term("custom", until=date(2026, 1, 1)), 2),
        lambda: renew(
            day("2025-01-01"), GRACE, Term("custom", until=date(2025, 1, 1)), day("2025-03-01"), day("2024-01-01")
        ),
    ],
)
def test_a_term_that_cannot_be_is_refused_with_a_sentence(make) -> None:
    with pytest.raises(InvalidTerm, match=r"^[A-Z“].*\.$"):
        make()


def test_a_moment_without_time_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        first_window(ANNUAL, datetime(2025, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("paid", "expiry", "chain_start"),
    [
        ("2025-11-01", "2027-01-01", "2025-01-01"),
        ("2026-01-10", "2027-01-01", "2025-01-01"),
        ("2026-01-14T23:59:59.999", "2027-01-01", "2025-01-01"),
        ("2026-01-15", "2027-01-15", "2026-01-15"),
        ("2027-03-01", "2028-03-01", "2027-03-01"),
    ],
)
def test_a_renewal_counts_from_expiry_while_in_grace_and_later_from_payment(paid, expiry, chain_start) -> None:
    renewed = renew(day("2026-01-01"), GRACE, ANNUAL, day(paid), day("2025-01-01"))
    assert renewed == Period(day(chain_start), day(expiry))


@pytest.mark.parametrize(("offset", "expiry"), [(-1, "2026-01-08"), (0, "2026-01-15"), (1, "2026-01-15T00:00:00.001")])
def test_a_short_term_in_a_long_grace_never_leaves_the_key_expired(offset: int, expiry: str) -> None:
    paid = day("2026-01-08") + offset * MILLISECOND
    renewed = renew(day("2026-01-01"), GRACE, Term("days", days=7), paid, day("2025-12-25"))
    assert renewed.expires_at == day(expiry)


def test_clamping_in_february_does_not_stick() -> None:
    start = day("2025-01-31")
    _, expires_at = first_window(MONTHLY, start)
    ends = []
    for _ in range(3):
        expires_at = renew(expires_at, GRACE, MONTHLY, start, start).expires_at
        ends.append(expires_at)
    assert ends == [day("2025-03-31"), day("2025-04-30"), day("2025-05-31")]


def test_another_term_continues_the_same_chain_of_months() -> None:
    assert renew(day("2025-02-28"), GRACE, ANNUAL, day("2025-02-01"), day("2025-01-31")).expires_at == day("2026-02-28")
    assert renew(day("2025-03-31"), GRACE, ANNUAL, day("2025-02-01"), day("2025-01-31")).expires_at == day("2026-03-31")


def test_an_expiry_a_person_set_is_a_start_of_its_own() -> None:
    assert renew(day("2025-02-10"), GRACE, MONTHLY, day("2025-02-01"), day("2025-01-31")).expires_at == day(
        "2025-03-10"
    )


def test_lifetime_is_never_shortened_and_may_be_bought_later() -> None:
    assert renew(None, GRACE, ANNUAL, day("2025-02-01"), day("2025-01-01")).expires_at is None
    assert renew(day("2026-01-01"), GRACE, LIFETIME, day("2025-02-01"), day("2025-01-01")).expires_at is None


def test_a_custom_term_renews_up_to_its_until_date() -> None:
    term = Term("custom", until=date(2026, 12, 31))
    assert renew(day("2026-01-01"), GRACE, term, day("2026-01-05"), day("2025-01-01")).expires_at == day("2027-01-01")
    assert renew(day("2028-01-01"), GRACE, term, day("2026-01-05"), day("2025-01-01")).expires_at == day("2028-01-01")


TERMS = st.sampled_from([ANNUAL, MONTHLY, Term("days", days=1), Term("days", days=45)])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@settings(max_examples=150, deadline=None)
@given(ledger=st.lists(st.tuples(MOMENTS, TERMS), min_size=2, max_size=12), days=st.integers(0, 60), zone=ZONES)
def test_whatever_is_paid_when_the_key_is_valid_afterwards_and_never_loses_time(ledger, days, zone) -> None:
    (paid_at, term), *renewals = sorted(ledger, key=lambda payment: payment[0])
    starts_at, expires_at = first_window(term, paid_at)
    period = Period(starts_at, expires_at)
    grace = timedelta(days=days)
    for paid_at, term in renewals:
        before = period
        period = renew(before.expires_at, grace, term, paid_at.astimezone(zone), before.chain_start)
        assert period == renew(before.expires_at, grace, term, paid_at, before.chain_start)
        assert period.expires_at > max(paid_at, before.expires_at)
        paid_in_time = paid_at < before.expires_at
        assert period.chain_start in ({before.chain_start} if paid_in_time else {before.chain_start, paid_at})
        shortest = timedelta(days=term.days or (365 if term is ANNUAL else 28))
        assert period.expires_at - max(paid_at, before.expires_at) >= shortest - grace - timedelta(days=1)
        assert paid_in_time is False or period.expires_at - before.expires_at >= shortest


@settings(max_examples=100, deadline=None)
@given(MOMENTS, st.integers(0, 240))
def test_months_are_clamped_to_the_last_day_and_never_beyond_the_start_day(start: datetime, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)
    assert end.timetz() == start.timetz()


EARLY, LATE = day("2026-01-01"), day("2027-01-01")


@pytest.mark.parametrize(
    ("paid_until", "edit", "effective"),
    [
        (EARLY, None, EARLY),
        (None, None, None),
        (EARLY, ExpiryEdit("extend", LATE), LATE),
        (LATE, ExpiryEdit("extend", EARLY), LATE),
        (None, ExpiryEdit("extend", EARLY), None),
        (EARLY, ExpiryEdit("extend", None), None),
        (EARLY, ExpiryEdit("fix", LATE), LATE),
        (LATE, ExpiryEdit("fix", EARLY), EARLY),
        (None, ExpiryEdit("fix", EARLY), EARLY),
        (EARLY, ExpiryEdit("fix", None), None),
    ],
)
def test_extend_takes_the_later_date_and_fix_takes_the_edit(paid_until, edit, effective) -> None:
    assert effective_expiry(paid_until, edit) == effective
