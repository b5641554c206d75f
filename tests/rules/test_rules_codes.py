"""Key codes: what is caught without a look-up, and what is forgiven."""

import itertools
import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.codes import (
    ALPHABET,
    CODE_ENTROPY_BYTES,
    TOKEN_ENTROPY_BYTES,
    Legacy,
    Malformed,
    Native,
    check,
    is_feed_token,
    mask,
    new_code,
    new_feed_token,
    read_code,
)

DICE = random.Random(20)
CODES = [new_code("GLB", DICE.randbytes(CODE_ENTROPY_BYTES)) for _ in range(8)]
CODE = CODES[0]
ENTROPY = st.binary(min_size=CODE_ENTROPY_BYTES, max_size=CODE_ENTROPY_BYTES)


def body_of(code: str) -> str:
    return code.partition("-")[2].replace("-", "")


def spelled(body: str) -> str:
    return "-".join(["GLB", *(body[at : at + 5] for at in range(0, 25, 5))])


@settings(max_examples=100, deadline=None)
@given(ENTROPY)
def test_a_new_code_has_the_form_and_reads_back_as_itself(entropy: bytes) -> None:
    code = new_code("GLB", entropy)
    assert re.fullmatch(r"GLB(-[0-9A-HJKMNP-TV-Z]{5}){5}", code)
    assert check(code)
    assert read_code(code, "GLB") == Native(code)


def test_the_check_symbols_never_change_their_meaning() -> None:
    assert new_code("ACME", bytes(range(1, 16))) == "ACME-04106-1050R-3GG28-A1C60-T3GP8"
    assert new_code("ACME", bytes(15)) == "ACME-00000-00000-00000-00000-00000"


def test_every_bit_of_the_entropy_that_counts_changes_the_code() -> None:
    zero = new_code("GLB", bytes(15))
    changed = {new_code("GLB", (1 << bit).to_bytes(15)) for bit in range(5, 120)}
    assert len(changed | {zero}) == 116


def test_symbols_are_evenly_spread() -> None:
    drawn = Counter("".join(body_of(new_code("GLB", DICE.randbytes(15)))[:23] for _ in range(4000)))
    expected = 4000 * 23 / 32
    assert sum((drawn[symbol] - expected) ** 2 / expected for symbol in ALPHABET) < 70  # chi-square, 31 degrees


@pytest.mark.parametrize("prefix", ["", "A", "glb", "1GL", "GL-B", "G B", "ABCDEFGHIJK", "ÄB"])
def test_a_prefix_that_could_be_misread_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        new_code(prefix, bytes(15))


def test_too_little_entropy_is_refused() -> None:
    with pytest.raises(ValueError, match="15 random bytes"):
        new_code("GLB", bytes(14))
    with pytest.raises(ValueError, match="18 random bytes"):
        new_feed_token(bytes(17))


@pytest.mark.parametrize("code", CODES)
def test_every_single_wrong_symbol_is_caught(code: str) -> None:
    body = body_of(code)
    for at, symbol in itertools.product(range(25), ALPHABET):
        if symbol != body[at]:
            assert read_code(spelled(body[:at] + symbol + body[at + 1 :]), "GLB") == Malformed("check")


@pytest.mark.parametrize("code", CODES)
def test_every_swap_of_two_symbols_is_caught(code: str) -> None:
    body = body_of(code)
    for one, other in itertools.combinations(range(25), 2):
        swapped = list(body)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        if body[one] != body[other]:
            assert not check(spelled("".join(swapped)))


def test_every_pair_of_wrong_symbols_at_sampled_places_is_caught() -> None:
    body = body_of(CODE)
    for one, other in [(0, 1), (0, 24), (4, 5), (12, 23), (23, 24)]:
        for first, second in itertools.product(ALPHABET, ALPHABET):
            if first != body[one] and second != body[other]:
                wrong = list(body)
                wrong[one], wrong[other] = first, second
                assert not check(spelled("".join(wrong)))


@pytest.mark.parametrize("text", ["", "GLB", CODE[:-1], CODE + "0", CODE.lower(), CODE.replace("-", ""), CODE + "\n"])
def test_check_knows_the_canonical_spelling_only(text: str) -> None:
    assert not check(text)


LOOKALIKE = next(
    code for code in (new_code("GLB", DICE.randbytes(15)) for _ in range(99)) if {"0", "1"} <= set(body_of(code))
)


@pytest.mark.parametrize(
    "text",
    [
        CODE.lower(),
        CODE.replace("-", ""),
        CODE.replace("-", " "),
        CODE.replace("-", "—"),
        CODE.replace("-", "\u2011"),
        CODE.replace("-", "\u2212"),
        CODE.replace("-", "－"),
        CODE.replace("-", " - "),
        f"  {CODE}\r\n",
        f"{CODE[:16]}\n{CODE[16:]}",
        f"{CODE[:7]}\u200b{CODE[7:]}\ufeff",
        f"{CODE[:7]}\u00a0{CODE[7:]}",
        f"{CODE[:7]}\u00ad{CODE[7:]}",
        f'"{CODE}"',
        f"“{CODE}”",
        f"«{CODE}»",
        f"Key: {CODE}",
        f"License key:{CODE}",
        f"Download-ID: '{CODE}'",
        f"Ihr Schlüssel: {CODE}",
        f"dlid={CODE}",
        f"Key%3A%20{CODE}",
        "".join(chr(ord(sign) + 0xFEE0) for sign in CODE),
    ],
)
def test_what_changes_no_meaning_is_forgiven(text: str) -> None:
    assert read_code(text, "GLB") == Native(CODE)


@pytest.mark.parametrize(("symbol", "typed"), [("0", "O"), ("0", "o"), ("1", "I"), ("1", "l"), ("1", "L"), ("1", "i")])
def test_lookalikes_are_read_as_what_they_look_like(symbol: str, typed: str) -> None:
    text = LOOKALIKE[:4] + LOOKALIKE[4:].replace(symbol, typed)
    assert text != LOOKALIKE
    assert read_code(text, "GLB") == Native(LOOKALIKE)


def test_a_prefix_with_lookalikes_is_given_back_as_it_is() -> None:
    code = new_code("OIL", DICE.randbytes(15))
    assert read_code(code.lower(), "OIL") == Native(code)
    assert read_code(code.replace("OIL", "011"), "OIL") == Native(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0123456789abcdef0123456789ABCDEF", "0123456789abcdef0123456789ABCDEF"),
        ("123:0123456789abcdef0123456789abcdef", "123:0123456789abcdef0123456789abcdef"),
        ("Key: 123:abcdef", "123:abcdef"),
        ("123%3Aabcdef", "123:abcdef"),
        (" Old_Key.7-x \n", "Old_Key.7-x"),
        ("AbCd", "AbCd"),
        ("x" * 200, "x" * 200),
        ("GLB-SHORT", "GLB-SHORT"),
        (new_code("ACME", bytes(15)), new_code("ACME", bytes(15))),
    ],
)
def test_legacy_codes_are_looked_up_in_their_own_case(text: str, code: str) -> None:
    assert read_code(text, "GLB") == Legacy(code)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *[(text, "empty") for text in ("", "   ", "\u200b\u00a0", '""', "Key: ")],
        ("x" * 201, "too_long"),
        ("x" * 100_000, "too_long"),
        ("abc", "too_short"),
        *[(text, "alphabet") for text in ("ключ-12345", "a/b/c/d", "abc;def", "a'b--c", "<script>", "x" * 50 + "é")],
        (CODE[:-1] + "U", "alphabet"),
        (CODE.lower()[:-1] + ("a" if CODE[-1] != "A" else "b"), "check"),
        (new_feed_token(bytes(range(18))), "feed_token"),
    ],
)
def test_what_can_be_no_key_is_refused_with_a_reason(text: str, reason: str) -> None:
    assert read_code(text, "GLB") == Malformed(reason)  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read = read_code(text, "GLB")
    if isinstance(read, Legacy):
        assert re.fullmatch(r"[A-Za-z0-9_:.-]{4,200}", read.code)
    assert not isinstance(read, Native) or check(read.code)


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=TOKEN_ENTROPY_BYTES, max_size=32))
def test_a_feed_token_is_one_and_no_key(entropy: bytes) -> None:
    token = new_feed_token(entropy)
    assert re.fullmatch(r"[a-z0-9]{32}", token)
    assert is_feed_token(token)
    assert read_code(token, "GLB") == Malformed("feed_token")
    assert not is_feed_token(token[:-1] + ("0" if token[-1] != "0" else "2"))


def test_feed_tokens_use_all_their_random_bits() -> None:
    assert len({new_feed_token((1 << bit).to_bytes(18)) for bit in range(4, 144)}) == 140


@pytest.mark.parametrize("text", ["", "ft", "d41d8cd98f00b204e9800998ecf8427e", CODE, "ft" + "a" * 29, "FT" + "0" * 30])
def test_other_texts_are_no_feed_tokens(text: str) -> None:
    assert not is_feed_token(text)


def test_a_mask_shows_the_last_five_symbols_and_of_a_short_code_none() -> None:
    assert mask(CODE) == "…" + CODE[-5:]
    assert mask("0123456789a") == "…6789a"
    assert mask("0123456789") == "…"
