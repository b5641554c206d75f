"""Links to customers' own pages: what opens, what does not, and how often a site may be freed by one."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.rules import site_moves
from bridge.rules.customer_links import Link, is_good, read, signed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET, WHOSE = b"a secret", "7 2026-01-01T00:00:00+00:00 ann@example.com"
LINK = Link(12, NOW + timedelta(days=30), 3)
TEXT = signed(LINK, WHOSE, SECRET)


def test_a_link_says_whose_page_it_is_and_until_when():
    assert read(TEXT) == LINK
    assert is_good(TEXT, WHOSE, SECRET, NOW)
    assert TEXT.replace(".", "").isalnum(), "nothing that mail programs break at"


@pytest.mark.parametrize(
    ("text", "whose", "secret", "now"),
    [
        (TEXT, WHOSE, SECRET, LINK.expires_at),
        (TEXT, WHOSE, b"another", NOW),
        (TEXT, "8" + WHOSE[1:], SECRET, NOW),
        (TEXT, WHOSE.replace("ann", "bob"), SECRET, NOW),
        (TEXT, WHOSE.replace("2026", "2027"), SECRET, NOW),
        (signed(Link(13, LINK.expires_at, 3), "another", SECRET), WHOSE, SECRET, NOW),
        ("d" + TEXT[1:], WHOSE, SECRET, NOW),
        (TEXT.replace(".3.", ".0."), WHOSE, SECRET, NOW),
        (TEXT[:-1] + ("0" if TEXT[-1] != "0" else "1"), WHOSE, SECRET, NOW),
    ],
    ids=["over", "secret", "owner", "mail", "since", "customer", "number", "purchase", "signature"],
)
def test_a_link_opens_for_one_customer_until_its_end_and_as_it_was_signed(text, whose, secret, now):
    assert read(text) is not None, "it looks like one"
    assert not is_good(text, whose, secret, now)


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "...", TEXT[:-1], TEXT + "0", TEXT.upper(), f" {TEXT}", TEXT + "\n", TEXT.replace(".", "-"),
        "80000000.0.1." + "0" * 40, "1.80000000.1." + "0" * 40, "1.0.ffffffffff." + "0" * 40, "\0" * 60, "²" + TEXT[1:],
    ],
)  # fmt: skip
def test_what_is_no_link_is_none(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("limit", "freed", "left"), [(1, 0, 4), (1, 3, 1), (1, 4, 0), (3, 5, 1), (3, 9, 0), (0, 0, None), (0, 99, None)]
)
def test_a_license_may_be_moved_as_often_as_it_has_seats_and_three_times_more(limit, freed, left):
    assert site_moves.left(limit, freed) == left
