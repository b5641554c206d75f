"""The words for what becomes of money, those that nobody here knows, and what is done about them."""

import pytest

from bridge.rules.payments import statuses
from bridge.rules.payments.facts import Snapshot, Version
from tests.support.payment_facts import FIRST, FIRST_END, PAID_AT, day, invoice, of, only, refund, sold, subscription


@pytest.mark.parametrize("words", [statuses.REFUND, statuses.DISPUTE, statuses.SUBSCRIPTION])
def test_ranks_grow_from_word_to_word_and_unknown_ones_have_none(words: tuple[str, ...]) -> None:
    assert [statuses.rank(words, word) for word in (*words, "hibernating", "")] == [*range(len(words)), -1, -1]


def test_what_each_status_of_a_dispute_weighs() -> None:
    weights = {word: statuses.weight(word) for word in statuses.DISPUTE}
    assert {word for word, weight in weights.items() if weight == "lost"} == {"lost"}
    assert {word for word, weight in weights.items() if weight == "harmless"} == {"prevented", "warning_closed", "won"}
    assert {word for word, weight in weights.items() if weight == "inquiry"} == {
        "warning_needs_response",
        "warning_under_review",
    }
    assert statuses.weight("hibernating") == "harmless"


def test_a_status_that_nobody_knows_changes_nothing_but_asks_for_a_look() -> None:
    known = [*FIRST, subscription("active", FIRST_END)]
    strange = Snapshot.seen("sub_1", "hibernating", version=Version(ticket=9))
    before, after = only(*known), of(*known, strange)
    (key,) = after.slots.values()
    assert (key.hold, key.paid_until, key.works_until) == (before.hold, before.paid_until, before.works_until)
    assert after.reviews == ("the subscription has a status that is not known here: hibernating",)


def test_a_sentence_about_an_unknown_status_is_short_and_printable() -> None:
    (sentence,) = of(*sold(), refund(1, status="a\0\ud800\n" + "x" * 10_000)).reviews
    assert sentence == "the refund re_1 has a status that is not known here: a???" + "x" * 56


def test_what_cannot_be_counted_any_further_ends_with_the_calendar() -> None:
    far = day("9999-12-31")
    found = only(*invoice(1, PAID_AT, far), subscription("active", None))
    assert (found.paid_until, found.works_until) == (far, far)
