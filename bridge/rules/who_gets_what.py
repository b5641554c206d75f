"""Which entry of a feed a Joomla site takes: the choice that every site makes for itself, made here beforehand.

Joomla 5.3 ``ExtensionAdapter::_endElement`` (the same in 4.4 and 6.0), in its order: target platform, PHP minimum,
stability, version. One entry wins: the highest version, of equal ones the first. What PHP is too old for prints a
warning, also where its stability would have hidden it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bridge.rules import platforms
from bridge.rules.versions import STABILITIES, php_version_compare

JOOMLAS: Mapping[str, str] = {"4.4": "4.4.9", "5.4": "5.4.1", "6.0": "6.0.1"}
"""The Joomla lines that are shown, each with a version of a site."""
PHPS = ("8.1", "8.2", "8.3", "8.4")
MINIMUMS = ("stable", "rc", "dev")


@dataclass(frozen=True, slots=True)
class Entry:
    """What of an ``<update>`` decides. ``stability`` is its ``<tag>``; an empty ``php_minimum`` asks for nothing."""

    version: str
    stability: str
    target_platform: str
    php_minimum: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as far as a feed depends on it. ``minimum`` is its option *Minimum Stability*."""

    joomla: str
    php: str
    minimum: str = "stable"


@dataclass(frozen=True, slots=True)
class Choice:
    """The entry that a site takes, and those for which it tells its administrator that PHP is too old."""

    entry: Entry | None
    too_old_for: tuple[Entry, ...] = ()

    @property
    def version(self) -> str | None:
        """The version that is offered, if any."""
        return self.entry.version if self.entry else None


def choose(entries: Iterable[Entry], site: Site) -> Choice:
    """What a site makes of a feed; ``entries`` in the feed's order."""
    best: Entry | None = None
    too_old_for: list[Entry] = []
    for entry in entries:
        if not platforms.matches(entry.target_platform, site.joomla):
            continue
        if entry.php_minimum and php_version_compare(f"{site.php}.0", entry.php_minimum) < 0:
            too_old_for.append(entry)
            continue
        if _rank(entry.stability) < _rank(site.minimum):
            continue
        if best is None or php_version_compare(entry.version, best.version) > 0:
            best = entry
    return Choice(best, tuple(too_old_for))


def _rank(stability: str) -> int:
    """A word that Joomla does not know counts as stable, and so does none."""
    word = stability.lower()
    return STABILITIES.index(word) if word in STABILITIES else len(STABILITIES) - 1


@dataclass(frozen=True, slots=True)
class Row:
    """One Joomla line and one minimum stability: the choice of each PHP version of ``PHPS``, in that order."""

    joomla: str
    minimum: str
    choices: tuple[Choice, ...]

    @property
    def versions(self) -> tuple[str | None, ...]:
        """What is offered, by PHP version."""
        return tuple(choice.version for choice in self.choices)


def table(entries: Sequence[Entry]) -> tuple[Row, ...]:
    """Who gets what from a feed: every Joomla line, minimum stability and PHP version that is shown."""
    return tuple(
        Row(name, minimum, tuple(choose(entries, Site(joomla, php, minimum)) for php in PHPS))
        for name, joomla in JOOMLAS.items()
        for minimum in MINIMUMS
    )


def in_words(row: Row) -> str:
    """A row in one cell: ``1.2.0``, ``-``, or by PHP version ``8.1: 1.0.0, 8.2 to 8.4: 1.2.0``."""
    runs: list[tuple[str | None, list[str]]] = []
    for php, version in zip(PHPS, row.versions, strict=True):
        if runs and runs[-1][0] == version:
            runs[-1][1].append(php)
        else:
            runs.append((version, [php]))
    if len(runs) == 1:
        return runs[0][0] or "-"
    return ", ".join(f"PHP {_span(phps)}: {version or '-'}" for version, phps in runs)


def _span(phps: Sequence[str]) -> str:
    return phps[0] if len(phps) == 1 else f"{phps[0]} to {phps[-1]}"


def left_out(rows: Iterable[Row]) -> tuple[str, ...]:
    """The Joomla lines whose sites, left at stable, get nothing on any PHP version."""
    return tuple(row.joomla for row in rows if row.minimum == "stable" and not any(row.versions))


def warned(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """By version of an entry, the PHP versions on which it prints a warning on the customer's screen."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for php, choice in zip(PHPS, row.choices, strict=True):
            for entry in choice.too_old_for:
                found.setdefault(entry.version, set()).add(php)
    return {version: tuple(sorted(phps)) for version, phps in found.items()}


def without_stepping_stone(entries: Sequence[Entry]) -> tuple[tuple[str, str], ...]:
    """Pairs of adjacent Joomla lines with stable releases for both and none in common.

    Before an upgrade of Joomla the site looks for a version that both list; without one its administrator reads
    "Update Required" and is offered no such update (``com_joomlaupdate`` ``checkCompatibility``).
    """
    names = list(JOOMLAS)
    stable = [entry for entry in entries if _rank(entry.stability) == _rank("stable")]
    listed = {
        name: {entry.version for entry in stable if platforms.matches(entry.target_platform, JOOMLAS[name])}
        for name in names
    }
    return tuple(
        (one, other)
        for one, other in pairwise(names)
        if listed[one] and listed[other] and not listed[one] & listed[other]
    )
