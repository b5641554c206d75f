"""Who is the same customer, what finds one, and what of the audit trail is about one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.customers import MARKER, MOST_NAME, MOST_WORDS, OTHER, Traces, mail_key, name_key, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        (" ann@example.com ", "ann@example.com"),
        ("zoe\u0301@example.com", "ZO\u00c9@example.com"),  # composed or not
        ("strasse@example.com", "STRASSE@example.com"),
        ("STRAẞE@example.com", "straße@example.com"),
        ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@U\u0308BER.EXAMPLE", "ann@über.example"),
        ("ann@straße.example", "Ann@xn--strae-oqa.example"),
    ],
)
def test_one_mail_address_in_many_spellings_is_one_customer(one, other):
    assert mail_key(one) == mail_key(other)


def test_other_addresses_are_other_customers():
    """Each of these is a mailbox of its own, though some look alike."""
    addresses = ("ann@example.com", "ann+shop@example.com", "ann@example.org", "", "ann@strasse.example")
    addresses += (
        "ann@straße.example",
        "strasse@example.com",
        "straße@example.com",
        "σας@example.com",
        "σασ@example.com",
    )
    assert len({mail_key(each) for each in addresses}) == len(addresses)


@given(st.text(max_size=254))
def test_a_key_of_a_key_is_itself(text):
    assert mail_key(mail_key(text)) == mail_key(text)


@pytest.mark.parametrize(
    ("text", "found_by"),
    [
        ("Ann Smith", ("ann smith", "smith")),
        ("Ann-Marie  Ünal", ("ann-marie  ünal", "marie  ünal", "ünal")),
        ("a.b@mail.org", ("a.b@mail.org", "b@mail.org", "mail.org", "org")),
        ("田中", ("田中",)),
        ("", ()),
        ("!!", ("!!",)),
    ],
)
def test_a_text_is_found_from_each_of_its_words_on(text, found_by):
    assert words(text) == found_by


@given(st.text(max_size=300))
def test_words_are_few_and_end_alike(text):
    found = words(text)
    assert len(found) <= MOST_WORDS
    assert all(found[0].endswith(each) for each in found)
    assert len(name_key(text)) <= MOST_NAME


TRACES = Traces.of(["Ann Smith", ""], ["Ann@Example.com"])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("for ann smith, paid", True),
        ("ANN@EXAMPLE.COM", True),
        ("mailto:ann@example.com?subject=x", True),
        ("Joann Smithers", False),
        ("ann smithson", False),
        ("Ann", False),
        ("", False),
    ],
)
def test_a_name_counts_as_words_and_an_address_anywhere(text, named):
    assert TRACES.stand_in(text) is named


def test_a_name_in_a_script_without_spaces_counts_anywhere():
    assert Traces.of(["田中"], []).stand_in("田中様へ")


def test_without_name_and_address_nothing_is_about_anybody():
    assert not Traces.of([""], [""]).stand_in("anything")


def test_an_audit_row_keeps_its_shape_numbers_and_dates():
    facts = {
        "customer_name": "Ann Smith",
        "customer_email": "",
        "package": 3,
        "expires": "2027-03-01T00:00:00+00:00",
        "domains": ["ann.example"],
        "labels": ["vip", "Ann Smith"],
        "deep": {"note": "calls at night", "order": "of ann@example.com", "max_sites": None},
    }
    assert TRACES.erased(facts) == {
        "customer_name": MARKER,
        "customer_email": "",
        "package": 3,
        "expires": "2027-03-01T00:00:00+00:00",
        "domains": MARKER,
        "labels": ["vip", MARKER],
        "deep": {"note": MARKER, "order": MARKER, "max_sites": None},
    }
    assert TRACES.erased(None) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    )
)
def test_what_was_erased_stays_as_it_is(facts):
    once = TRACES.erased({"customer_name": "Ann Smith", "more": facts})
    assert TRACES.erased(once) == once


def test_a_customer_does_not_learn_who_else_had_the_key():
    before = {"customer_name": "Bob", "customer_email": "bob@example.com", "package": 3}
    assert TRACES.without_others(before) == {"customer_name": OTHER, "customer_email": OTHER, "package": 3}
    own = {"customer_name": "Ann", "customer_email": "ANN@example.com"}
    assert TRACES.without_others(own) == own
    assert TRACES.without_others({"package": 1}) == {"package": 1}
    assert TRACES.without_others(None) is None
