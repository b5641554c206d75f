r"""Joomla's target platforms: regular expressions that a site tries as ``/^<pattern>/`` against its own version.

Joomla 5.3 ``ExtensionAdapter``: there is no end anchor, so ``5`` also means 50 and ``4\.1`` also 4.10, and a slash
breaks the pattern without a word. Hence patterns are made here, and those of owners are checked here.
"""

import re
from functools import lru_cache

from bridge.rules.versions import split_php_minimum

DEFAULT_PLATFORM = r"(4\.4|5\.[0-9]+|6\.[0-9]+)"
"""The Joomla versions that a package without any statement is offered to."""

OLDEST_MAJOR, NEWEST_MAJOR = 4, 6
MAX_PATTERN_LENGTH = 255

_ANY_NUMBER = "[0-9]+"
_ALLOWED = re.compile(r"[0-9A-Za-z\\.\[\]()|?*+{},^$:_-]*")
_MINIMUM = re.compile(r"[vV]?([0-9]{1,3})(?:\.([0-9]{1,3}))?(?:\.([0-9]{1,3}))?(?:[.-].*)?")
_ESCAPES_AND_CLASSES = re.compile(r"\\.|\[[^\]]*\]")
_PHP_MINIMUM_EXAMPLE = "write digits such as 8.1 or 8.1.0"


def from_minimum_joomla(minimum: str) -> str:
    """Return the pattern for a Joomla version and all later ones up to the newest major.

    ``5.1`` gives 5.1, 5.2, 5.10 and every 6; minor and patch numbers are compared as numbers. Below Joomla 4 the
    pattern begins at 4.0, since older sites are not served.
    """
    found = _MINIMUM.fullmatch(minimum.strip())
    if found is None:
        return DEFAULT_PLATFORM
    major, minor, patch = (int(part or 0) for part in found.groups())
    if major < OLDEST_MAJOR:
        major, minor, patch = OLDEST_MAJOR, 0, 0
    later = [rf"{number}\.{_ANY_NUMBER}" for number in range(major + 1, NEWEST_MAJOR + 1)]
    return "(" + "|".join([*_from_minor(major, minor, patch), *later]) + ")"


def matches(pattern: str, joomla_version: str) -> bool:
    """Say whether a site of this version takes an entry with this pattern; a broken pattern matches nothing."""
    compiled = _compiled(pattern)
    return compiled is not None and compiled.match(joomla_version) is not None


def problem(pattern: str) -> str | None:
    """Return why a pattern would not do what its owner means, as a sentence with a cure, or None."""
    return _form_problem(pattern) or _meaning_problem(pattern)


def php_minimum_problem(text: str) -> str | None:
    """Return why a PHP minimum cannot be shown to Joomla, as a sentence, or None (update-clients rule 31)."""
    if split_php_minimum(text) == text:
        return None
    return f"“{text}” is not a PHP version; {_PHP_MINIMUM_EXAMPLE}."


def _form_problem(pattern: str) -> str | None:
    if not pattern or pattern != pattern.strip():
        return f"The target platform is empty or has spaces around it; write for example {DEFAULT_PLATFORM}."
    if len(pattern) > MAX_PATTERN_LENGTH:
        return f"The target platform is longer than {MAX_PATTERN_LENGTH} characters."
    if "/" in pattern:
        return r"Joomla cannot read a target platform with a slash; write (5|6)\. for 5 and 6."
    if pattern.startswith("^"):
        return "Joomla puts the ^ in front by itself; leave it out."
    if _ALLOWED.fullmatch(pattern) is None or "(?" in pattern.replace("(?:", "("):
        return (
            "The target platform holds signs that no version pattern needs; keep to digits, \\., [0-9], +, | and ( )."
        )
    if re.search(r"\)[*+{]|[*+}][*+{]", pattern):
        return "The target platform repeats a group; repeat single signs only, such as [0-9]+."
    if _compiled(pattern) is None:
        return f"The target platform is not a valid regular expression; write for example {DEFAULT_PLATFORM}."
    return None


def _meaning_problem(pattern: str) -> str | None:
    if re.search(r"\.(?![*+])", _ESCAPES_AND_CLASSES.sub("_", pattern)):
        return r"A dot alone stands for any sign; write \. for the dot of a version, as in 5\.[0-9]+."
    if matches(pattern, "?"):
        return None  # matches whatever comes, on purpose: ".*"
    for major in range(3, 10):
        if matches(pattern, f"{major}0.0.0"):
            return (
                rf"This target platform also matches Joomla {major}0; write {major}\.[0-9]+ for all of Joomla {major}."
            )
        if (
            matches(pattern, f"{major}.1.0")
            and matches(pattern, f"{major}.10.0")
            and not matches(pattern, f"{major}.2.0")
        ):
            return (
                rf"This target platform also matches Joomla {major}.10; write {major}\.1(\.|$|-) for {major}.1 alone."
            )
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    if "/" in pattern:
        return None
    try:
        return re.compile(f"^{pattern}", re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def _from_minor(major: int, minor: int, patch: int) -> list[str]:
    if patch:
        exact = rf"{major}\.{minor}\.{_at_least(patch)}"
        return [exact, rf"{major}\.{_at_least(minor + 1)}"]
    if (major, minor) == (4, 4):
        return [r"4\.4"]  # the last minor of Joomla 4
    return [rf"{major}\.{_at_least(minor)}"]


def _at_least(number: int) -> str:
    """Return a pattern for the decimal numbers from this one on; right also as a prefix, since longer means larger."""
    if number == 0:
        return _ANY_NUMBER
    digits = str(number)
    choices = [digits]
    for at in range(len(digits) - 1, -1, -1):
        digit = int(digits[at])
        if digit < 9:  # noqa: PLR2004 - the last digit there is
            choices.append(digits[:at] + f"[{digit + 1}-9]" + "[0-9]" * (len(digits) - at - 1))
    choices.append("[1-9]" + "[0-9]" * (len(digits) - 1) + _ANY_NUMBER)
    return "(" + "|".join(choices) + ")"
