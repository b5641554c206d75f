"""When somebody is reminded: facts on the left, the step that counts on the right."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules.reminders import length_days, step
from bridge.rules.terms import Term

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STEPS = (30, 7, 1)


@pytest.mark.parametrize(
    ("days_left", "length", "counts"),
    [
        (31, 365, None),
        (30, 365, 30),
        (29.9, 365, 30),
        (7.1, 365, 30),
        (7, 365, 7),
        (1.5, 365, 7),
        (1, 365, 1),
        (0.01, 365, 1),
        (0, 365, None),
        (-1, 365, None),
        (25, 30, None),  # a month: nobody is reminded on the day of the purchase
        (7, 30, 7),
        (6, 7, None),
        (1, 7, 1),
        (1, 1, None),
        (0.5, 1.5, None),
    ],
)
def test_the_nearest_step_counts_where_the_term_is_long_enough(days_left, length, counts):
    assert step(NOW + timedelta(days=days_left), NOW, length, STEPS) == counts


def test_without_steps_nobody_is_reminded():
    assert step(NOW + timedelta(days=1), NOW, 365, ()) is None


@pytest.mark.parametrize(
    ("term", "lasted", "length"),
    [
        (Term("annual"), 365, 365),
        (Term("annual"), 3650, 365),
        (Term("annual"), 10, 10),
        (Term("monthly"), 365, 30),
        (Term("days", 14), 100, 14),
        (Term("lifetime"), 20, 20),
    ],
)
def test_a_term_is_as_long_as_its_package_says_or_the_key_lasts(term, lasted, length):
    assert length_days(term, NOW, NOW + timedelta(days=lasted)) == length
