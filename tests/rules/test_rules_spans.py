"""Ranges of days, and their steps without gaps."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.spans import MOST_STEPS, STEPS, InvalidSpan, Span, index, span, steps

TODAY = date(2026, 3, 4)  # a Wednesday


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@pytest.mark.parametrize(
    ("step", "since", "until", "days", "first", "last"),
    [
        ("day", None, None, None, "2026-02-03", "2026-03-04"),
        ("week", None, None, None, "2025-12-15", "2026-03-04"),
        ("month", None, None, None, "2025-04-01", "2026-03-04"),
        ("month", None, "2026-01-31", None, "2025-02-01", "2026-01-31"),
        ("week", None, "2026-03-01", None, "2025-12-08", "2026-03-01"),
        ("day", None, None, 1, "2026-03-04", "2026-03-04"),
        ("week", None, "2026-03-01", 7, "2026-02-23", "2026-03-01"),
        ("day", "2026-02-28", None, None, "2026-02-28", "2026-03-04"),
        ("day", "2026-03-04", "2026-03-04", None, "2026-03-04", "2026-03-04"),
        ("day", None, "2026-03-05", 2, "2026-03-04", "2026-03-05"),
        ("day", "2025-03-04", None, None, "2025-03-04", "2026-03-04"),
        ("month", "2021-03-01", "2026-03-04", None, "2021-03-01", "2026-03-04"),
    ],
)
def test_the_range_is_what_was_said_and_what_was_not_is_filled_in(step, since, until, days, first, last):
    assert span(step, TODAY, day(since), day(until), days) == Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("step", "since", "until", "days", "field"),
    [
        ("day", "2026-03-05", "2026-03-04", None, "since"),
        ("day", "2026-03-06", None, None, "since"),
        ("day", None, "2026-03-06", None, "until"),
        ("day", None, "9999-12-31", None, "until"),
        ("day", "0001-01-01", None, None, "since"),
        ("day", None, "1999-12-31", None, "until"),
        ("day", "2026-03-01", None, 3, "days"),
        ("day", None, None, 0, "days"),
        ("day", None, None, -5, "days"),
        ("day", None, None, 10**30, "days"),
        ("day", None, None, 367, "days"),
        ("day", "2025-03-03", None, None, "since"),
        ("week", "2019-01-01", "2026-01-01", None, "since"),
        ("month", None, None, 1831, "days"),
    ],
)
def test_nonsense_is_refused_by_its_field_and_in_a_sentence(step, since, until, days, field):
    with pytest.raises(InvalidSpan) as refused:
        span(step, TODAY, day(since), day(until), days)
    assert refused.value.field == field
    assert len(str(refused.value)) > 20


def test_weeks_begin_on_monday_and_the_ends_are_cut():
    found = steps(Span(date(2025, 12, 31), date(2026, 1, 13)), "week")
    assert [(each.since.isoformat(), each.until.isoformat()) for each in found] == [
        ("2025-12-31", "2026-01-04"),
        ("2026-01-05", "2026-01-11"),
        ("2026-01-12", "2026-01-13"),
    ]


def test_months_have_their_own_lengths():
    found = steps(Span(date(2024, 1, 31), date(2024, 3, 1)), "month")
    assert [each.days for each in found] == [1, 29, 1]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(STEPS),
    st.dates(date(2001, 1, 1), date(2100, 1, 1)),
    st.one_of(st.none(), st.integers(1, 1830)),
)
def test_steps_cover_every_day_once(step, today, days):
    try:
        whole = span(step, today, days=days)
    except InvalidSpan:
        assert days is not None
        assert days > MOST_STEPS or today - timedelta(days=days) < date(2000, 1, 2)
        return
    divided = steps(whole, step)
    assert divided[0].since == whole.since
    assert divided[-1].until == whole.until
    assert len(divided) <= MOST_STEPS
    for one, following in pairwise(divided):
        assert following.since - one.until == timedelta(days=1)
    step_of = index(divided)
    assert len(step_of) == whole.days
    assert all(divided[at].since <= each <= divided[at].until for each, at in step_of.items())
