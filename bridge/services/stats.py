"""The numbers of an owner or of one repo, for the API, the pages and the command line.

Keys are those that open the place, master and test keys left out; of those, ``lent`` are the keys of the owner's own
packages, seen from a repo. Usage is what happened at the place, whoever's key it was. Days are those of UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import Package
from bridge.rules import numbers, spans
from bridge.rules.keys import State
from bridge.rules.spans import InvalidSpan, Span, Step
from bridge.services import stats_usage
from bridge.services.stats_usage import Usage
from bridge.storage import catalog, key_stats, licenses

EXPIRING_WITHIN = timedelta(days=30)


@dataclass(slots=True)
class Moves:
    """What befell keys: issued, given more time, past their grace, revoked."""

    new: int = 0
    renewed: int = 0
    expired: int = 0
    revoked: int = 0


@dataclass(slots=True)
class Held:
    """Keys now: by state, and how many of the active ones expire within 30 days."""

    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, State), 0))
    expiring: int = 0


@dataclass(slots=True)
class OfPackage:
    """A package's keys, and what befell them in the range."""

    package: Package
    held: Held = field(default_factory=Held)
    moves: Moves = field(default_factory=Moves)


@dataclass(slots=True)
class KeyStep:
    """What befell keys in one step; ``lent``: that of them which befell keys of the owner's packages."""

    span: Span
    all: Moves = field(default_factory=Moves)
    lent: Moves = field(default_factory=Moves)


@dataclass(slots=True)
class Keys:
    """Keys now, and in the range."""

    packages: dict[int, OfPackage]
    steps: list[KeyStep]
    all: Held = field(default_factory=Held)
    lent: Held = field(default_factory=Held)
    moves: Moves = field(default_factory=Moves)
    lent_moves: Moves = field(default_factory=Moves)
    sites_on_record: int = 0


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything that is shown. ``keys.steps`` and ``usage.steps`` have one entry a step each, without gaps."""

    span: Span
    step: Step
    now: datetime
    keys: Keys
    usage: Usage


def span_of(
    step: Step, now: datetime, since: date | None = None, until: date | None = None, days: int | None = None
) -> Span:
    """The range that somebody asks for. Raises ``InvalidInputError``."""
    try:
        return spans.span(step, now.astimezone(UTC).date(), since, until, days)
    except InvalidSpan as error:
        raise InvalidInputError(error.field, str(error)) from None


def gather(session: Any, owner_id: int, repo_id: int | None, span: Span, step: Step, now: datetime) -> Numbers:
    """Count. A range of ``span_of`` is taken as it is. How many queries it takes depends on the steps only."""
    divided = spans.steps(span, step)
    repos = {repo.id: repo.name for repo, _ in catalog.repos_of(session, owner_id) if repo_id in {None, repo.id}}
    return Numbers(
        span,
        step,
        now,
        _Tally(session, owner_id, repo_id, span, divided, now).taken(),
        stats_usage.gather(session, repos, span, divided),
    )


def _packages(session: Any, owner_id: int, repo_id: int | None) -> list[Package]:
    """Those whose keys open the place."""
    found = [each for each in licenses.packages_of(session, owner_id, repo_id) if not each.is_master]
    if repo_id is None:
        return found
    listed = licenses.repos_of_packages(session, [each.id or 0 for each in found])
    return [each for each in found if repo_id in listed.get(each.id or 0, {repo_id})]


class _Tally:
    """Counts keys into packages and steps."""

    def __init__(
        self, session: Any, owner_id: int, repo_id: int | None, span: Span, divided: Sequence[Span], now: datetime
    ) -> None:
        self._session, self._owner_id, self._at_repo, self._now = session, owner_id, repo_id is not None, now
        self._packages = _packages(session, owner_id, repo_id)
        self._since = datetime.combine(span.since, time(), UTC)
        self._until = datetime.combine(span.until, time(), UTC) + timedelta(days=1)
        self._step_of = spans.index(divided)
        self._keys = Keys({each.id or 0: OfPackage(each) for each in self._packages}, list(map(KeyStep, divided)))

    def taken(self) -> Keys:
        """Everything counted."""
        self._keys_now()
        for package_id, day, count in key_stats.new(self._session, self._packages, self._since, self._until):
            self._add(package_id, day, "new", count)
        self._changed()
        self._lost()
        self._keys.sites_on_record = key_stats.sites_on_record(self._session, self._packages)
        return self._keys

    def _keys_now(self) -> None:
        for package_id, state, count in key_stats.by_state(self._session, self._packages, self._now):
            for held in self._of(package_id):
                held.states[state] += count
        soon = self._now + EXPIRING_WITHIN
        for package_id, count in key_stats.expiring(self._session, self._packages, self._now, soon).items():
            for held in self._of(package_id):
                held.expiring += count

    def _changed(self) -> None:
        """Keys that got more time, each once a step, and those that money took back, each on the last such day."""
        renewed, held = dict[tuple[int, int], date](), dict[int, date]()
        for change in key_stats.changes(self._session, self._owner_id, self._since, self._until):
            day = change.at.astimezone(UTC).date()
            if numbers.is_renewal(change.before, change.after):
                renewed[self._step_of[day], change.key_id] = day
            if numbers.is_hold(change.after):
                held[change.key_id] = day
        package_of = key_stats.packages_of_keys(self._session, self._packages, {key_id for _, key_id in renewed})
        for (_, key_id), day in renewed.items():
            if key_id in package_of:
                self._add(package_of[key_id], day, "renewed", 1)
        lost = key_stats.packages_of_keys(self._session, self._packages, held, held_only=True)
        for key_id, package_id in lost.items():
            self._add(package_id, held[key_id], "revoked", 1)

    def _lost(self) -> None:
        for row in key_stats.ended(self._session, self._packages, self._since, self._until, self._now):
            grace_days = self._keys.packages[row.package_id].package.grace_days
            loss = numbers.lost(row.expiry, row.paid_grace, row.revoked, grace_days)
            if loss is not None and loss[0] in self._step_of:
                self._add(row.package_id, loss[0], loss[1], row.number)

    def _is_lent(self, package_id: int) -> bool:
        return self._at_repo and self._keys.packages[package_id].package.repo_id is None

    def _of(self, package_id: int) -> list[Held]:
        lent = [self._keys.lent] if self._is_lent(package_id) else []
        return [self._keys.packages[package_id].held, self._keys.all, *lent]

    def _add(self, package_id: int, day: date, what: str, count: int) -> None:
        step, keys = self._keys.steps[self._step_of[day]], self._keys
        counted = [keys.packages[package_id].moves, keys.moves, step.all]
        for moves in [*counted, *([keys.lent_moves, step.lent] if self._is_lent(package_id) else [])]:
            setattr(moves, what, getattr(moves, what) + count)
