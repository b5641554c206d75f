"""PHP's ``version_compare``, written from its documented behaviour: the oracle for both simulated clients.

Kept apart from the program on purpose: the program has a comparison of its own, and the two are held against each other.
"""

import re

# Tried in this order, by prefix, as PHP does: that is why "patch" counts as "p", a patch level, and beats the release.
_RANKS = (
    ("dev", 0),
    ("alpha", 1),
    ("a", 1),
    ("beta", 2),
    ("b", 2),
    ("RC", 3),
    ("rc", 3),
    ("#", 4),
    ("pl", 5),
    ("p", 5),
)
_UNKNOWN = -1
_NUMBER = "#N#"
_DIGIT = re.compile("[0-9]")


def version_compare(left: str, right: str) -> int:
    """Return -1, 0 or 1, as PHP 8.2 does."""
    if not left or not right:
        return bool(left) - bool(right)
    return _compare(_parts(left), _parts(right))


def _parts(version: str) -> list[str]:
    separated = re.sub(r"[^0-9A-Za-z.]+", ".", version[1:])
    separated = version[0] + separated
    separated = re.sub(r"(?<=[0-9])(?=[^0-9.])|(?<=[^0-9.])(?=[0-9])", ".", separated)
    return re.sub(r"(?<=.)\.{2,}", ".", separated).split(".")


def _compare(left: list[str], right: list[str]) -> int:
    for one, other in zip(left, right, strict=False):
        result = _compare_parts(one, other)
        if result:
            return result
    if len(left) > len(right):
        return _of_the_rest(left[len(right) :])
    if len(right) > len(left):
        return -_of_the_rest(right[len(left) :])
    return 0


def _of_the_rest(rest: list[str]) -> int:
    return 1 if _DIGIT.match(rest[0]) else _compare(rest, [_NUMBER])


def _compare_parts(one: str, other: str) -> int:
    if _DIGIT.match(one) and _DIGIT.match(other):
        return (int(one) > int(other)) - (int(one) < int(other))
    first, second = _rank(one), _rank(other)
    return (first > second) - (first < second)


def _rank(part: str) -> int:
    form = _NUMBER if _DIGIT.match(part) else part
    return next((rank for word, rank in _RANKS if form.startswith(word)), _UNKNOWN)
