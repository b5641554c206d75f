"""Versions as the clients see them: Joomla and Dolibarr both compare with PHP's ``version_compare``.

The comparison follows ``ext/standard/versioning.c`` of PHP step by step, odd cases included, because an update that we
think newer and the site does not is an update nobody gets.
"""

import re
from collections.abc import Callable
from functools import cmp_to_key, lru_cache
from itertools import pairwise
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

Stability = Literal["dev", "alpha", "beta", "rc", "stable"]

STABILITIES: tuple[Stability, ...] = ("dev", "alpha", "beta", "rc", "stable")
"""Joomla's stability tags, the least stable first; there are no others."""

MAX_JOOMLA_VERSION_LENGTH = 32
MAX_PLAIN_VERSION_LENGTH = 29

_SPECIAL_FORMS = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "RC": 3, "rc": 3, "#": 4, "pl": 5, "p": 5}
_NUMBER_FORM = "#N#"
_LONG_MAX = 2**63 - 1
_LEADING_NUMBER = re.compile(r"0*([0-9]*)")
_JOOMLA_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:[-.]?(?:dev|alpha|a|beta|b|rc|pl|p)[-.]?[0-9]*)?")
_PLAIN_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_VERSION_IN_TAG = re.compile(r"(?:^|[^0-9A-Za-z.])[vV]?\.?([0-9]+(?:\.[0-9]+)*(?:[-._+]?[0-9A-Za-z]+)*)$")
_PHP_MINIMUM = re.compile(r"(?:php)?\s*(?:>=)?\s*([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})\+?", re.IGNORECASE)
_WORDS: dict[str, Stability] = {
    "dev": "dev",
    "alpha": "alpha",
    "a": "alpha",
    "beta": "beta",
    "b": "beta",
    "rc": "rc",
    "pl": "stable",
    "p": "stable",
    "stable": "stable",
}
_COMPARISON = re.compile(r"(>=|<=|!=|==|=|>|<)\s*([0-9][0-9A-Za-z.+_-]*)")
_OPERATORS: dict[str, Callable[[int, int], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt, "!=": ne, "=": eq, "==": eq}


class InvalidRange(ValueError):  # noqa: N818 - named for what happened
    """A version range nobody can read; the message is a sentence with a valid example."""


def php_version_compare(a: str, b: str) -> int:
    """Return -1, 0 or 1 as PHP's ``version_compare(a, b)`` does (PHP 8, ``ext/standard/versioning.c``)."""
    if not a or not b:
        return (a > b) - (a < b)
    left, right = _parts(a), _parts(b)
    # PHP walks both strings and stops where one has nothing left; a trailing dot leaves one empty part.
    while left and right and left != ("",) and right != ("",):
        if order := _compare_parts(left[0], right[0]):
            return order
        left, right = left[1:], right[1:]
    if left:
        return _compare_rest(left)
    return -_compare_rest(right) if right else 0


version_key = cmp_to_key(php_version_compare)
"""Sort key for versions: ``sorted(versions, key=version_key, reverse=True)`` puts the newest first."""


def joomla_version_problem(version: str) -> str | None:
    """Return why Joomla would misread a version, as a sentence, or None if it will not (update-clients rule 19)."""
    if len(version) > MAX_JOOMLA_VERSION_LENGTH:
        return f"The version is longer than the {MAX_JOOMLA_VERSION_LENGTH} characters that Joomla stores."
    if _JOOMLA_VERSION.fullmatch(version):
        return None
    if version[:1] in {"v", "V"} and _JOOMLA_VERSION.fullmatch(version[1:]):
        return f"Joomla sorts “{version}” below every number; write {version[1:]}."
    if _JOOMLA_VERSION.fullmatch(version.lower()):
        return f"Joomla tells capital letters apart in versions; write {version.lower()}."
    return (
        f"Joomla does not sort “{version}” as you mean it; use digits and dots, then if need be "
        "dev, alpha, beta, rc or pl with a number, such as 1.2.0 or 1.2.0-rc1."
    )


def stability_of(version: str) -> Stability:
    """Return the stability a version states. A word that PHP does not know, such as ``nightly``, counts as dev.

    Case does not matter, a leading ``v`` and build data after ``+`` say nothing.
    """
    number = version.partition("+")[0].lower().removeprefix("v")
    found = [_WORDS.get(word, "dev") for word in re.findall(r"[^\W\d_]+", number)]
    return min(found, key=STABILITIES.index, default="stable")


def version_from_tag(tag: str) -> str | None:
    """Return the version at the end of a tag, such as 1.2.3 of ``v1.2.3`` or ``com_shop/v1.2.3``; None if none is."""
    found = _VERSION_IN_TAG.search(tag.strip())
    return found[1] if found else None


def same_version(tag: str, manifest_version: str) -> bool:
    """Say whether a tag and a manifest mean the same version, however they spell it.

    ``v1.2.0-rc.1`` is ``1.2.0-rc1`` and ``v1.2`` is ``1.2.0``, though PHP tells the last two apart.
    """
    version = version_from_tag(tag)
    return version is not None and _spelled_alike(version) == _spelled_alike(manifest_version.strip())


def is_plain_version(version: str) -> bool:
    """Say whether Dolibarr's version check can show it: digits and dots, 29 bytes at most (update-clients rule 50)."""
    return len(version) <= MAX_PLAIN_VERSION_LENGTH and _PLAIN_VERSION.fullmatch(version) is not None


def split_php_minimum(text: str) -> str | None:
    """Return the plain number in ``8.1``, ``>=8.1``, ``8.1+`` or ``PHP 8.1``; None for anything else."""
    found = _PHP_MINIMUM.fullmatch(text.strip())
    return found[1] if found else None


def parse_range(text: str) -> tuple[tuple[str, str], ...]:
    """Read a version range such as ``>=2.0 <3`` into (operator, version) pairs; empty text and ``*`` mean all versions.

    Raises `InvalidRange`.
    """
    return _comparisons(text)


def in_range(version: str, text: str) -> bool:
    """Say whether a version is in a range, in PHP's order (``3.0.0-beta`` is above ``3``). Raises `InvalidRange`."""
    return all(_OPERATORS[operator](php_version_compare(version, bound), 0) for operator, bound in _comparisons(text))


@lru_cache(maxsize=256)
def _comparisons(text: str) -> tuple[tuple[str, str], ...]:
    if text.strip() in {"", "*"}:
        return ()
    found = _COMPARISON.findall(text)
    if not found or _COMPARISON.sub("", text).strip(" ,\t"):
        raise InvalidRange(f"“{text}” is not a version range; write for example >=2.0 <3.")
    return tuple(found)


@lru_cache(maxsize=4096)
def _parts(version: str) -> tuple[str, ...]:
    return tuple((version if version.startswith("#") else _canonical(version)).split("."))


def _canonical(version: str) -> str:
    """Put dots where PHP puts them: for separators, and between digits and anything else."""
    out = [version[0]]
    for last, sign in pairwise(version):
        if sign in "-_+":
            separated, kept = True, ""
        elif (_is_word(last) and _is_digit(sign)) or (_is_digit(last) and _is_word(sign)):
            separated, kept = True, sign
        elif not (sign.isascii() and sign.isalnum()):
            separated, kept = True, ""
        else:
            separated, kept = False, sign
        if separated and out[-1] != ".":
            out.append(".")
        out.extend(kept)
    return "".join(out)


def _is_digit(text: str) -> bool:
    return "0" <= text[:1] <= "9"


def _is_word(sign: str) -> bool:
    return sign != "." and not _is_digit(sign)


def _compare_parts(one: str, other: str) -> int:
    if _is_digit(one) and _is_digit(other):
        first, second = _number(one), _number(other)
    else:
        first = _form_order(_NUMBER_FORM if _is_digit(one) else one)
        second = _form_order(_NUMBER_FORM if _is_digit(other) else other)
    return (first > second) - (first < second)


def _compare_rest(rest: tuple[str, ...]) -> int:
    """Compare what only one version has with nothing: a number is more, a word is worth what its form is worth."""
    return 1 if _is_digit(rest[0]) else php_version_compare(".".join(rest), _NUMBER_FORM)


def _number(part: str) -> int:
    digits = _LEADING_NUMBER.match(part)
    text = digits[1] if digits else ""
    return _LONG_MAX if len(text) > len(str(_LONG_MAX)) else min(int(text or "0"), _LONG_MAX)


def _form_order(part: str) -> int:
    return next((order for form, order in _SPECIAL_FORMS.items() if part.startswith(form)), -1)


def _spelled_alike(version: str) -> tuple[str, ...]:
    parts = _canonical(version.lower().removeprefix("v") or "0").split(".")
    numbers = [part.lstrip("0") or "0" for part in parts]
    size = next((at for at, part in enumerate(numbers) if not _is_digit(part)), len(numbers))
    while size > 1 and numbers[size - 1] == "0":
        size -= 1
        del numbers[size]
    return tuple({"a": "alpha", "b": "beta", "p": "pl"}.get(part, part) for part in numbers)
