"""Amounts of money, and the fingerprint of a purchase."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.payments.fingerprint import fingerprint
from bridge.rules.payments.money import MOST_MINOR, InvalidMoney, Money, digits, parse, text


@pytest.mark.parametrize(
    ("amount", "currency", "money"),
    [
        ("49.00", "EUR", Money(4900, "EUR")),
        ("49", "eur", Money(4900, "EUR")),
        ("49.5", "USD", Money(4950, "USD")),
        ("0", "EUR", Money(0, "EUR")),
        ("0.01", "EUR", Money(1, "EUR")),
        ("007.00", "EUR", Money(700, "EUR")),
        ("4900", "JPY", Money(4900, "JPY")),
        ("4.900", "KWD", Money(4900, "KWD")),
        ("4.9", "KWD", Money(4900, "KWD")),
        ("1.2345", "CLF", Money(12345, "CLF")),
        ("10000000000000.00", "EUR", Money(MOST_MINOR, "EUR")),
    ],
)
def test_amounts_that_are_read(amount: str, currency: str, money: Money) -> None:
    assert parse(amount, currency) == money


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("49.001", "EUR"),
        ("49.000", "EUR"),
        ("4900.0", "JPY"),
        ("4.9000", "KWD"),
        ("-1", "EUR"),
        ("+1", "EUR"),
        ("1e3", "EUR"),
        ("1,00", "EUR"),
        ("1 000", "EUR"),
        (" 1", "EUR"),
        ("1\n", "EUR"),
        ("1.", "EUR"),
        (".5", "EUR"),
        ("", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("４９", "EUR"),
        ("1\0", "EUR"),
        ("\ud800", "EUR"),
        ("9" * 10_000, "EUR"),
        ("10000000000000.01", "EUR"),
        ("9999999999999999", "JPY"),
        ("1", "EURO"),
        ("1", "XXX"),
        ("1", ""),
        ("1", "€"),
        ("1", "ıdr"),  # becomes IDR in capitals, and is not it
        ("1", "E\0R"),
    ],
)
def test_amounts_that_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(InvalidMoney, match=r"^The .*\.$"):
        parse(amount, currency)


def test_a_refusal_shows_an_example_that_is_accepted() -> None:
    with pytest.raises(InvalidMoney, match=r"a valid one is 49\.000, with"):
        parse("-1", "KWD")
    assert parse("49.000", "KWD").minor == 49000


@given(st.integers(0, MOST_MINOR), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    assert parse(text(Money(minor, currency)), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(4900, "EUR"), "49.00"),
        (Money(5, "EUR"), "0.05"),
        (Money(0, "JPY"), "0"),
        (Money(5, "JPY"), "5"),
        (Money(5, "KWD"), "0.005"),
    ],
)
def test_amounts_are_written_with_all_decimals(money: Money, written: str) -> None:
    assert text(money) == written


def test_money_that_cannot_be() -> None:
    assert [digits(code) for code in ("EUR", "JPY", "KWD", "UYW")] == [2, 0, 3, 4]
    for minor, currency in ((-1, "EUR"), (MOST_MINOR + 1, "EUR"), (1, "eur")):
        with pytest.raises(InvalidMoney):
            Money(minor, currency)


CALL = ("gumroad", "G-123", 7, 2, 4900, "EUR", "ann@example.com")


def test_t100_the_same_call_has_the_same_fingerprint() -> None:
    same = fingerprint("gumroad", "G-123", 7, 2, 4900, "eur", " Ann@Example.com ")
    assert fingerprint(*CALL) == same
    assert len(same) == 64


@pytest.mark.parametrize(
    ("at", "other"),
    [(0, "paddle"), (1, "G-124"), (2, 8), (3, 3), (4, None), (4, 4901), (5, "USD"), (6, "bob@example.com")],
)
def test_t100_another_call_has_another_fingerprint(at: int, other: object) -> None:
    changed = [*CALL[:at], other, *CALL[at + 1 :]]
    assert fingerprint(*changed) != fingerprint(*CALL)  # type: ignore[arg-type]


def test_the_parts_of_a_fingerprint_stay_apart() -> None:
    assert fingerprint("a", "b,c", 1, 1, 1, "", "") != fingerprint("a,b", "c", 1, 1, 1, "", "")
    assert fingerprint('a"', "b", 1, 1, 1, "", "") != fingerprint("a", '"b', 1, 1, 1, "", "")
    assert fingerprint("\ud800", "\0", 1, 1, 1, "", "x" * 10_000)
