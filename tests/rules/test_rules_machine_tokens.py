"""How machine tokens look, and when they are in force."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.machine_tokens import (
    ENTROPY_BYTES,
    PREFIX,
    State,
    TokenFacts,
    digest,
    hint,
    is_token,
    new_token,
    state,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN = new_token(bytes(range(ENTROPY_BYTES)))
# What the docs give to those who look for lost tokens.
PUBLISHED = re.compile(r"\bglb_[0-9a-hjkmnp-tv-z]{46}\b")


def test_a_token_is_what_it_was_when_tokens_were_first_made():
    assert TOKEN == "glb_000g40r40m30e209185gr38e1w8124gk2gahc5rr7xymrq"


@given(st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES))
def test_every_token_is_recognised_and_found_in_texts(entropy):
    token = new_token(entropy)
    assert is_token(token)
    assert PUBLISHED.findall(f'Authorization: token {token}\nTOKEN="{token}"; x={token}.') == [token] * 3
    assert len(token) == len(PREFIX) + 46


def test_different_random_bytes_make_different_tokens_and_too_few_none():
    made = {new_token(bytes([number]) + bytes(ENTROPY_BYTES - 1)) for number in range(256)}
    made |= {new_token(bytes(ENTROPY_BYTES - 1) + bytes([number])) for number in range(1, 256)}
    assert len(made) == 256 + 255
    with pytest.raises(ValueError, match="25 random bytes"):
        new_token(bytes(ENTROPY_BYTES - 1))


@given(st.integers(0, 45), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_a_wrong_symbol_is_noticed(at, symbol):
    place = len(PREFIX) + at
    wrong = TOKEN[:place] + symbol + TOKEN[place + 1 :]
    assert is_token(wrong) is (wrong == TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN[1:],
        TOKEN.upper(),
        f" {TOKEN}",
        f"{TOKEN} ",
        f"{TOKEN}\n",
        f"{TOKEN}\0",
        TOKEN.replace("glb_", "glb-"),
        TOKEN[:20] + " " + TOKEN[20:],
        TOKEN[:-1] + "é",
        TOKEN[:-1] + "\uff11",
        "glb_" + "0" * 46,
        "glb_" + "0" * 10_000,
        "\ud800" * 50,
        "a" * 40,
    ],
)
def test_what_is_no_whole_token_is_none(text):
    assert not is_token(text)


def test_the_digest_and_the_hint_say_nothing_of_the_random_part():
    assert re.fullmatch("[0-9a-f]{64}", digest(TOKEN))
    assert digest(TOKEN) != digest(new_token(bytes(ENTROPY_BYTES)))
    assert (len(hint(TOKEN)), TOKEN.endswith(hint(TOKEN))) == (4, True)


MADE = NOW - 9 * HOUR
STATES = [
    # expires, revoked, last used, state
    (None, None, None, "live"),
    (NOW + HOUR, None, None, "live"),
    (NOW + timedelta(microseconds=1), None, NOW, "live"),
    (NOW, None, None, "expired"),
    (NOW - HOUR, None, None, "expired"),
    (None, NOW, None, "revoked"),
    (None, NOW + HOUR, None, "revoked"),
    (NOW - HOUR, NOW - 2 * HOUR, None, "revoked"),
    (NOW + HOUR, None, NOW + 2 * HOUR, "expired"),  # it was later already: the clock was set back
    (NOW + 2 * HOUR, None, NOW + HOUR, "live"),
]


@pytest.mark.parametrize(("expires", "revoked", "used", "expected"), STATES)
def test_a_token_is_live_until_it_is_revoked_or_over(expires, revoked, used, expected):
    assert state(TokenFacts(MADE, expires, revoked, used), NOW) is State(expected)


def test_a_clock_before_a_token_was_made_gives_no_more_time_than_it_had():
    facts = TokenFacts(NOW, NOW + HOUR)
    assert state(facts, NOW - timedelta(days=400)) is State.LIVE
    assert state(TokenFacts(NOW, NOW), NOW - timedelta(days=400)) is State.EXPIRED
