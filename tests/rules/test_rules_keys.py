"""The state of a key at the edges of its windows."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules.keys import KeyFacts, State, grace_until, state

START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
GRACE = timedelta(days=3)
MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("moment", "offset", "expected"),
    [
        (START, -1, State.NOT_STARTED),
        (START, 0, State.ACTIVE),
        (START, 1, State.ACTIVE),
        (END, -1, State.ACTIVE),
        (END, 0, State.GRACE),
        (END, 1, State.GRACE),
        (END + GRACE, -1, State.GRACE),
        (END + GRACE, 0, State.EXPIRED),
        (END + GRACE, 1, State.EXPIRED),
    ],
)
def test_windows_are_half_open(moment: datetime, offset: int, expected: State) -> None:
    assert state(KeyFacts(START, END), GRACE, moment + offset * MILLISECOND) is expected


@pytest.mark.parametrize(("grace", "expected"), [(0, State.EXPIRED), (-5, State.EXPIRED), (1, State.GRACE)])
def test_without_grace_a_key_expires_at_once(grace: int, expected: State) -> None:
    assert state(KeyFacts(START, END), timedelta(days=grace), END) is expected


@pytest.mark.parametrize("now", [START - GRACE, START, END, END + 2 * GRACE])
@pytest.mark.parametrize(("revoked", "suspended"), list(itertools.product([True, False], repeat=2)))
def test_revoked_beats_suspended_beats_every_date(now: datetime, revoked: bool, suspended: bool) -> None:
    facts = KeyFacts(START, END, revoked_at=START if revoked else None, suspended_at=START if suspended else None)
    by_date = state(KeyFacts(START, END), GRACE, now)
    expected = {(True, True): State.REVOKED, (True, False): State.REVOKED, (False, True): State.SUSPENDED}
    assert state(facts, GRACE, now) is expected.get((revoked, suspended), by_date)


def test_a_key_that_starts_after_its_end_has_not_started() -> None:
    assert state(KeyFacts(END, START), GRACE, START) is State.NOT_STARTED


def test_a_key_without_expiry_stays_active() -> None:
    assert state(KeyFacts(START), GRACE, datetime.max.replace(tzinfo=UTC)) is State.ACTIVE
    assert grace_until(KeyFacts(START), GRACE) is None


def test_grace_ends_where_the_state_changes_and_never_overflows() -> None:
    assert grace_until(KeyFacts(START, END), GRACE) == END + GRACE
    last = datetime.max.replace(tzinfo=UTC)
    assert grace_until(KeyFacts(START, last), GRACE) == last
    assert state(KeyFacts(START, last - MILLISECOND), GRACE, last - MILLISECOND) is State.GRACE
