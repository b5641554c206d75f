"""Key codes and feed tokens: how they look, and how what people paste is read.

A code is ``PREFIX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`` in Crockford's base 32: 23 random symbols (115 bits) and 2 check
symbols, a Reed-Solomon code over GF(32) with distance 3. So every wrong symbol, every swap of neighbours and every two
wrong symbols are noticed without a database. Random bytes are handed in; this module has none of its own.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_ENTROPY_BYTES = 15
TOKEN_ENTROPY_BYTES = 18
MIN_LEGACY_LENGTH, MAX_LEGACY_LENGTH = 4, 200
MAX_INPUT_LENGTH = 512

_BODY_LENGTH, _GROUP = 25, 5
_TOKEN_LENGTH, _TOKEN_PREFIX = 30, "ft"
_CHECK_LENGTH = 2
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_BODY = rf"[{ALPHABET}]{{{_GROUP}}}(?:-[{ALPHABET}]{{{_GROUP}}}){{4}}"
_TOKEN = re.compile(rf"{_TOKEN_PREFIX}[{ALPHABET.lower()}]{{{_TOKEN_LENGTH}}}")
_LEGACY = re.compile(r"[A-Za-z0-9_:.-]+")
_QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
_KNOWN_LABEL = re.compile(
    r"(?:(?:your\s+)?(?:(?:licen[sc]e|activation|serial|download)[\s_-]*)?(?:key|code|id|number)|licen[sc]e|dlid)\s*[:=]\s*",
    re.IGNORECASE,
)
_OTHER_LABEL = re.compile(r"[^:=]*[^\W\d_][^:=]*[:=]\s+")
_LOOKALIKES = str.maketrans("OIL", "011")
_DASHES = {0x2212: "-", 0x2043: "-"}

# The field GF(32) as x^5 + x^2 + 1 makes it: what a symbol becomes when multiplied by x, and when divided by x + 1.
_TIMES_X = bytes((value << 1) ^ (0b100101 if value & 0b10000 else 0) for value in range(32))
_BY_X_PLUS_1 = {_TIMES_X[value] ^ value: value for value in range(32)}
_VALUES = bytes.maketrans(ALPHABET.encode(), bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Native:
    """A code of this installation's form whose check symbols are right, in canonical spelling."""

    code: str


@dataclass(frozen=True, slots=True)
class Legacy:
    """Something that may have been imported, cleaned but in its own case: it is looked up as it is."""

    code: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Nothing that can be a key; refused without a look-up."""

    reason: Literal["empty", "too_long", "too_short", "alphabet", "check", "feed_token"]


ReadCode = Native | Legacy | Malformed


def new_code(prefix: str, entropy: bytes) -> str:
    """Make a code out of at least `CODE_ENTROPY_BYTES` random bytes; every code is equally likely.

    Raises ValueError for too few bytes and for a prefix that is not 2 to 10 capital letters and digits.
    """
    if _PREFIX.fullmatch(prefix) is None:
        raise ValueError("a key prefix is 2 to 10 capital letters and digits, a letter first, such as ACME")
    body = _with_check(_symbols(entropy, CODE_ENTROPY_BYTES, _BODY_LENGTH - _CHECK_LENGTH))
    return "-".join((prefix, *(body[at : at + _GROUP] for at in range(0, _BODY_LENGTH, _GROUP))))


def check(code: str) -> bool:
    """Say whether the check symbols of a code in canonical spelling are right; False for any other text."""
    body = code.partition("-")[2]
    return re.fullmatch(_BODY, body) is not None and _is_intact(body.replace("-", ""))


def read_code(text: str, prefix: str) -> ReadCode:
    """Read what somebody pasted or a site sent, forgiving whatever changes no meaning.

    Forgiven are case, O for 0, I and L for 1, missing dashes, every Unicode dash and space, line breaks, invisible
    characters, quotes, percent-escapes and a label such as ``Key:`` in front. Legacy codes keep their case.
    """
    if _canonical(prefix).fullmatch(text):
        return Native(text) if _is_intact(text[len(prefix) :].replace("-", "")) else Malformed("check")
    if len(text) > MAX_INPUT_LENGTH:
        return Malformed("too_long")
    cleaned = _cleaned(text)
    if not cleaned:
        return Malformed("empty")
    if is_feed_token(cleaned):
        return Malformed("feed_token")
    return _native(cleaned, prefix) or _legacy(cleaned)


def new_feed_token(entropy: bytes) -> str:
    """Make the secret part of a personal feed's address out of at least `TOKEN_ENTROPY_BYTES` random bytes.

    It is 32 characters of ``[a-z0-9]``: ``ft``, 28 random symbols (140 bits) and 2 check symbols.
    """
    body = _with_check(_symbols(entropy, TOKEN_ENTROPY_BYTES, _TOKEN_LENGTH - _CHECK_LENGTH))
    return _TOKEN_PREFIX + body.lower()


def is_feed_token(text: str) -> bool:
    """Say whether a text has the form and the check symbols of a feed token; no key, native or hex, ever has."""
    return _TOKEN.fullmatch(text) is not None and _is_intact(text[len(_TOKEN_PREFIX) :].upper())


def mask(code: str) -> str:
    """Return what those may see who may not see the code: an ellipsis and its last five symbols.

    A code of ten characters or fewer shows none, since five would be half of it.
    """
    return "…" + (code[-5:] if len(code) > 2 * 5 else "")


def _symbols(entropy: bytes, size: int, count: int) -> str:
    if len(entropy) < size:
        raise ValueError(f"{size} random bytes are needed, {len(entropy)} were given")
    number = int.from_bytes(entropy[:size]) >> (8 * size - 5 * count)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (count - 1), -1, -5))


def _syndromes(values: bytes) -> tuple[int, int]:
    """Evaluate the symbols as a polynomial at 1 and at x; both are zero for a code that nobody changed."""
    at_one = at_x = 0
    for value in values:
        at_one ^= value
        at_x = _TIMES_X[at_x] ^ value
    return at_one, at_x


def _with_check(symbols: str) -> str:
    at_one, at_x = _syndromes(symbols.encode().translate(_VALUES) + bytes(_CHECK_LENGTH))
    first = _BY_X_PLUS_1[at_one ^ at_x]
    return symbols + ALPHABET[first] + ALPHABET[first ^ at_one]


def _is_intact(symbols: str) -> bool:
    return _syndromes(symbols.encode().translate(_VALUES)) == (0, 0)


@lru_cache(maxsize=8)
def _canonical(prefix: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(prefix)}-{_BODY}")


def _cleaned(text: str) -> str:
    """Undo what mail programs, word processors and people do to a code, without touching its case."""
    text = unquote(text) if "%" in text else text
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)
    text = text.strip().strip(_QUOTES)
    label = _KNOWN_LABEL.match(text) or _OTHER_LABEL.match(text)
    text = text[label.end() if label else 0 :]
    return "".join(map(_plain, text)).strip(_QUOTES)


def _plain(sign: str) -> str:
    if "!" <= sign <= "~":
        return sign
    category = unicodedata.category(sign)
    if category == "Pd" or ord(sign) in _DASHES:
        return "-"
    return "" if category in {"Zs", "Zl", "Zp", "Cc", "Cf"} else sign


def _native(cleaned: str, prefix: str) -> Native | Malformed | None:
    """Read a code of ours, or say what is wrong with it; None for what is not of our form."""
    bare = cleaned.replace("-", "").upper().translate(_LOOKALIKES)
    if len(bare) != len(prefix) + _BODY_LENGTH or not bare.startswith(prefix.translate(_LOOKALIKES)):
        return None
    body = bare[len(prefix) :]
    if not set(body) <= set(ALPHABET):
        return Malformed("alphabet")
    if not _is_intact(body):
        return Malformed("check")
    return Native("-".join((prefix, *(body[at : at + _GROUP] for at in range(0, _BODY_LENGTH, _GROUP)))))


def _legacy(cleaned: str) -> Legacy | Malformed:
    if len(cleaned) > MAX_LEGACY_LENGTH:
        return Malformed("too_long")
    if _LEGACY.fullmatch(cleaned) is None:
        return Malformed("alphabet")
    return Legacy(cleaned) if len(cleaned) >= MIN_LEGACY_LENGTH else Malformed("too_short")
