r"""Which Joomla versions an entry is for: the regular expression in ``<targetplatform version="…">``.

Joomla (5.3 ``ExtensionAdapter``) tests ``/^<pattern>/`` against its full version, such as ``6.1.0-beta2``: a prefix
match. So ``4\.1`` also takes 4.10, ``5`` also takes 50, and in ``4\.4|5\.1`` only the first alternative is anchored.
"""

import re
from functools import lru_cache

# Read the same way by PCRE and by Python: digits and letters, \. \d, classes, groups, alternatives, counts, ^ and $.
_PIECE = re.compile(
    r"[0-9A-Za-z-]|\\[.d]|\[\^?(?:[0-9A-Za-z.](?:-[0-9A-Za-z])?)+\]|\((?:\?[:=!])?|[)|+*?^$]|\{[0-9]+(?:,[0-9]*)?\}",
)
_DIGITS = range(10)
_TWO_DIGITS = range(10, 100)
# Joomla 4 and 5 ended with these minors: a pattern that reaches them cannot take a later minor by mistake.
_LAST_MINOR = {4: 4, 5: 4}


@lru_cache(maxsize=512)
def fault(pattern: str) -> str | None:
    """Say what is wrong with a pattern, or None when sites will read it as its author meant it (rule 25)."""
    pieces = _pieces(pattern)
    if not pieces:
        return "must be digits, escaped dots, classes and groups; no slash, no bare dot, no space"
    if _has_bare_alternative(pieces):
        return "alternatives must stand in parentheses: Joomla anchors only the first of bare ones"
    try:
        expression = re.compile("^" + pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    return _leak(expression)


def _pieces(pattern: str) -> list[str]:
    pieces = _PIECE.findall(pattern)
    return pieces if "".join(pieces) == pattern else []


def _has_bare_alternative(pieces: list[str]) -> bool:
    depth = 0
    for piece in pieces:
        depth += piece.startswith("(") - (piece == ")")
        if piece == "|" and depth == 0:
            return True
    return False


def _leak(expression: re.Pattern[str]) -> str | None:
    """Find versions that are taken only because their number begins like one that is meant."""
    for major in _DIGITS:
        minors = [minor for minor in _DIGITS if expression.search(f"{major}.{minor}.0")]
        if not minors:
            continue
        if expression.search(f"{major}0.0.0"):
            return f"takes {major}0 as well as {major}: end the major number with an escaped dot"
        limits = _upper_limits(minors, _LAST_MINOR.get(major))
        longer = (minor for minor in _TWO_DIGITS if minor // 10 in limits and expression.search(f"{major}.{minor}.0"))
        found = next(longer, None)
        if found is not None:
            return f"takes {major}.{found} as well as {major}.{found // 10}: end the minor number with (\\.|$|-)"
    return None


def _upper_limits(minors: list[int], last_minor: int | None) -> list[int]:
    """Return the minors behind which the pattern means to stop: all but an unbroken run to the end of the series."""
    open_ended = minors[-1] in (_DIGITS[-1], last_minor)
    return [minor for minor in minors if not open_ended or not {*range(minor, minors[-1])} <= {*minors}]
