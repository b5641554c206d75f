"""The numbers of the API as tables: for the page, its pictures and its files, so that all three say the same."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from bridge.services.number_charts import Table
from bridge.web.api.schemas_stats import Check, RunningSpread, Stats

_CHECKS: tuple[tuple[Check, str], ...] = (
    ("feed", "feeds"),
    ("version", "version.txt"),
    ("validate", "questions"),
    ("changelog", "changelogs"),
    ("collection", "collections"),
)
_MOVES = ("new", "renewed", "expired", "revoked")
_STATES = ("active", "grace", "expired", "not_started", "suspended", "revoked")
# So many versions are drawn one by one; the others together.
_DRAWN = 5


def tables(found: Stats) -> list[Table]:
    """All of them, in the order of the page."""
    return [
        _sites(found),
        _checks(found),
        _downloads(found),
        _adoption(found),
        _versions(found),
        _running("platforms", "Joomla and Dolibarr", found.platforms),
        _running("php", "PHP", found.php),
        _keys(found),
        _packages(found),
        _refusals(found),
    ]


def _days(found: Stats) -> list[str]:
    """What each step is called: its first day, or its month."""
    return [f"{each.since:%Y-%m}" if found.step == "month" else f"{each.since}" for each in found.steps]


def _by_step(found: Stats, columns: Sequence[Sequence[int]]) -> list[list[Any]]:
    return [list(row) for row in zip(_days(found), *columns, strict=True)]


def _sites(found: Stats) -> Table:
    rows = _by_step(found, [[e.active_sites for e in found.steps], [e.active_keys for e in found.steps]])
    words = "Domains that used a good key; a key whose site said no domain, as stock Joomla does, counts as one."
    return Table("sites", "Active sites", ("From", "Sites", "Keys"), rows, "lines", (1, 2), words)


def _checks(found: Stats) -> Table:
    columns = [[each.checks[kind] for each in found.steps] for kind, _ in _CHECKS]
    rows = _by_step(found, [*columns, [each.refused for each in found.steps]])
    names = ("From", *(words for _, words in _CHECKS), "refused, downloads too")
    drawn = range(1, len(_CHECKS) + 1)
    return Table("checks", "Checks", names, rows, "stack", drawn, "Requests that were no downloads, by what for.")


def _downloads(found: Stats) -> Table:
    top = sorted(found.versions.shown, key=lambda each: -each.downloads)[:_DRAWN]
    top = [each for each in top if each.downloads]
    columns = [each.downloads_by_step for each in top]
    sums = [sum(row) for row in zip(*columns, strict=True)] if columns else [0] * len(found.steps)
    rest = [max(0, step.downloads - done) for step, done in zip(found.steps, sums, strict=True)]
    many = len({each.repo for each in found.versions.shown}) > 1
    names = [f"{each.repo} {each.version}" if many else each.version for each in top]
    rows = _by_step(found, [*columns, rest])
    drawn = range(1, len(names) + 2)
    return Table("downloads", "Downloads by version", ("From", *names, "others"), rows, "stack", drawn)


def _adoption(found: Stats) -> Table:
    newest = [each for each in found.versions.shown if each.downloads][:_DRAWN]
    many = len({each.repo for each in found.versions.shown}) > 1
    names = [f"{each.repo} {each.version}" if many else each.version for each in newest]
    rows = _by_step(found, [list(accumulate(each.downloads_by_step)) for each in newest])
    words = "How often the newest versions were delivered by then, counted from the beginning of the range."
    drawn = range(1, len(names) + 1)
    return Table("adoption", "How fast versions spread", ("Until", *names), rows, "lines", drawn, words)


def _versions(found: Stats) -> Table:
    shown = sorted(found.versions.shown, key=lambda each: -each.sites)
    rows: list[list[Any]] = [[f"{each.repo} {each.version}", each.sites, each.downloads] for each in shown]
    other = found.versions.other
    if other.versions:
        rows.append([f"{other.versions} others", other.sites, other.downloads])
    if found.versions.unknown_sites:
        rows.append(["not known", found.versions.unknown_sites, 0])
    words = "The version that each active site downloaded last, up to a year before the range."
    return Table("versions", "Versions in use", ("Version", "Sites", "Downloads"), rows, "list", (1,), words)


def _running(name: str, title: str, spread: RunningSpread) -> Table:
    rows: list[list[Any]] = [[each.name, each.sites, each.requests] for each in spread.shown]
    other, unknown = spread.other, spread.unknown
    if other.names:
        rows.append([f"{other.names} others", other.sites, other.requests])
    if unknown.sites or unknown.requests:
        rows.append(["not stated", unknown.sites, unknown.requests])
    words = "By what each site said last; requests count those without a key too."
    empty = "No site said what it runs."
    return Table(name, title, ("Version", "Sites", "Requests"), rows, "list", (1,), words, empty)


def _keys(found: Stats) -> Table:
    rows = _by_step(found, [[getattr(each.keys, move) for each in found.steps] for move in _MOVES])
    words = "Issued, given more time, past the end of their grace, revoked. Test keys and master keys are left out."
    names = ("From", "new", "renewed", "lost: expired", "lost: revoked")
    empty = "No key was issued, renewed or lost in this time."
    return Table("keys", "Keys new, renewed and lost", names, rows, "bars", (1, 2, 3, 4), words, empty)


def _packages(found: Stats) -> Table:
    rows = [
        [
            each.name,
            *(getattr(each.states, state) for state in _STATES),
            each.expiring,
            each.moves.new,
            each.moves.renewed,
            each.moves.expired + each.moves.revoked,
        ]
        for each in found.packages
    ]
    states = [state.replace("_", " ") for state in _STATES]
    names = ("Package", *states, "expiring within 30 days", "new", "renewed", "lost")
    words = "Keys as they are now; new, renewed and lost in the range."
    empty = "There is no key yet."
    return Table("packages", "Keys by package", names, rows, "list", (1, 2, 3, 7), words, empty)


def _refusals(found: Stats) -> Table:
    rows = [[each.code.replace("_", " "), each.checks, each.downloads] for each in found.refusals]
    empty = "Nothing was refused in this time."
    names = ("Reason", "Checks", "Downloads")
    return Table("refusals", "Refused, by reason", names, rows, "list", (1, 2), "", empty)
