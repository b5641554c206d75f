"""How long a sign-in lasts, and where a browser may be sent."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules.person_sessions import SessionFacts, State, is_own_path, state

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("seen", "ended", "now", "found"),
    [
        (0 * MINUTE, None, 0 * MINUTE, State.LIVE),
        (0 * MINUTE, None, 30 * MINUTE - timedelta(seconds=1), State.LIVE),
        (0 * MINUTE, None, 30 * MINUTE, State.OVER),
        (11 * HOUR + 45 * MINUTE, None, 12 * HOUR - MINUTE, State.LIVE),
        (11 * HOUR + 45 * MINUTE, None, 12 * HOUR, State.OVER),
        (0 * MINUTE, 5 * MINUTE, 6 * MINUTE, State.ENDED),
        (0 * MINUTE, None, -MINUTE, State.OVER),
    ],
)
def test_the_price_list_of_sessions(seen, ended, now, found):
    facts = SessionFacts(START, START + seen, START + ended if ended else None)
    assert state(facts, START + now) is found


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("/", True),
        ("/acme/mod/licenses?q=a&state=active", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("/a b", False),
        ("/a\r\nSet-Cookie: x", False),
        ("/ä", False),
        ("", False),
    ],
)
def test_a_browser_is_sent_to_paths_of_this_server_only(text, own):
    assert is_own_path(text) is own
