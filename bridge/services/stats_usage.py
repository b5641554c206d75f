"""What happened at repos, counted: checks, downloads, refusals, sites, and what the sites run."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bridge.rules import numbers, spans
from bridge.rules.spans import Span
from bridge.rules.versions import version_key
from bridge.storage import stats

CHECKS = ("feed", "version", "validate", "changelog", "collection")
MOST_SHOWN = 50
"""Versions, platforms and PHP versions; the rest is told in one sum."""
# Of a site that downloads nothing for so long before the range, the version is not known.
_LOOK_BACK = timedelta(days=366)


@dataclass(slots=True)
class UsageStep:
    """What happened in a span. ``sites`` and ``keys``: different ones that were good for something."""

    span: Span
    sites: int = 0
    keys: int = 0
    checks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))
    downloads: int = 0
    refused: int = 0


@dataclass(slots=True)
class Refused:
    """How often this code was the answer."""

    code: str
    checks: int = 0
    downloads: int = 0


@dataclass(slots=True)
class Version:
    """A version of a repo: the sites that run it, as far as is known, and how often it was delivered."""

    repo: str
    version: str
    sites: int
    downloads: int
    by_step: list[int]


@dataclass(slots=True)
class Running:
    """A platform or PHP version: the sites that run it, and how many requests stated it."""

    name: str
    sites: int
    requests: int


@dataclass(frozen=True, slots=True)
class Sum:
    """So many lines in one: their sites, and their downloads or requests."""

    lines: int
    sites: int
    times: int


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that are shown, the sum of all others, and the sites whose version is not known."""

    shown: Sequence[Version]
    other: Sum
    unknown_sites: int


@dataclass(frozen=True, slots=True)
class Spread:
    """What is run by most, the sum of all others, and what did not say."""

    shown: Sequence[Running]
    other: Sum
    unknown: Sum


@dataclass(frozen=True, slots=True)
class Usage:
    """Everything that happened."""

    total: UsageStep
    steps: Sequence[UsageStep]
    refusals: Sequence[Refused]
    versions: Versions
    platforms: Spread
    php: Spread


def gather(session: Any, repos: Mapping[int, str], span: Span, divided: Sequence[Span]) -> Usage:
    """Count what happened at these repos (names by id) in a span and in each of its steps."""
    total, steps, refusals = _counts(session, repos, span, divided)
    _see(session, repos, total, steps)
    running = numbers.spread(stats.stated(session, repos, span, span.since - _LOOK_BACK), span.since)
    requests = stats.requests_by(session, repos, span)
    return Usage(
        total,
        steps,
        refusals,
        _versions(session, repos, span, divided, running.versions),
        _running(running.cms, [(cms, count) for cms, _, count in requests]),
        _running(running.php, [(php, count) for _, php, count in requests]),
    )


def _see(session: Any, repos: Collection[int], total: UsageStep, steps: Sequence[UsageStep]) -> None:
    """Different sites and keys, of which those of the days don't add up."""
    total.sites, total.keys = stats.seen(session, repos, total.span)
    by_day = stats.seen_by_day(session, repos, total.span) if all(each.span.days == 1 for each in steps) else None
    for step in steps:
        found = stats.seen(session, repos, step.span) if by_day is None else by_day.get(step.span.since, (0, 0))
        step.sites, step.keys = found


def _counts(
    session: Any, repos: Collection[int], span: Span, divided: Sequence[Span]
) -> tuple[UsageStep, list[UsageStep], list[Refused]]:
    total, steps = UsageStep(span), [UsageStep(each) for each in divided]
    step_of, refusals = spans.index(divided), dict[str, Refused]()
    for row in stats.counts(session, repos, span):
        allowed, is_download = row.code in stats.ALLOWED, row.kind == "download"
        for step in (total, steps[step_of[row.day]]):
            if not is_download:
                step.checks[row.kind] += row.times
            elif allowed:
                step.downloads += row.times
            step.refused += 0 if allowed else row.times
        if not allowed:
            refused = refusals.setdefault(row.code, Refused(row.code))
            refused.downloads += row.times if is_download else 0
            refused.checks += 0 if is_download else row.times
    return total, steps, sorted(refusals.values(), key=lambda each: (-each.checks - each.downloads, each.code))


def _versions(
    session: Any,
    repos: Mapping[int, str],
    span: Span,
    divided: Sequence[Span],
    sites: Mapping[tuple[int, str], int],
) -> Versions:
    """The versions that most sites run or that were delivered most, the newest of each repo first."""
    downloads = {(repo, version): count for repo, version, count in stats.downloads_by_version(session, repos, span)}
    named = {each for each in sites.keys() | downloads.keys() if each[1]}
    ordered = sorted(named, key=lambda each: (-sites.get(each, 0), -downloads.get(each, 0), each))
    by_step = {each: [0] * len(divided) for each in ordered[:MOST_SHOWN]}
    step_of = spans.index(divided)
    for repo, version, day, count in stats.downloads_by_day(session, by_step, span) if by_step else ():
        by_step[repo, version][step_of[day]] += count
    newest_first = sorted(by_step, key=lambda each: version_key(each[1]), reverse=True)
    return Versions(
        [
            Version(repos[each[0]], each[1], sites.get(each, 0), downloads.get(each, 0), by_step[each])
            for each in sorted(newest_first, key=lambda each: repos[each[0]].lower())
        ],
        _sum([(sites.get(each, 0), downloads.get(each, 0)) for each in ordered[MOST_SHOWN:]]),
        sum(count for (_, version), count in sites.items() if not version),
    )


def _running(sites: Mapping[str, int], requests: Iterable[tuple[str, int]]) -> Spread:
    asked: Counter[str] = Counter()
    for name, count in requests:
        asked[name] += count
    named = {name for name in sites.keys() | asked.keys() if name}
    ordered = sorted(named, key=lambda name: (-sites.get(name, 0), -asked[name], name))
    return Spread(
        [Running(name, sites.get(name, 0), asked[name]) for name in ordered[:MOST_SHOWN]],
        _sum([(sites.get(name, 0), asked[name]) for name in ordered[MOST_SHOWN:]]),
        Sum(1, sites.get("", 0), asked[""]),
    )


def _sum(rows: Sequence[tuple[int, int]]) -> Sum:
    return Sum(len(rows), sum(row[0] for row in rows), sum(row[1] for row in rows))
