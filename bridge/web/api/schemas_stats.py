"""What is asked and answered about the numbers of an owner or a repo."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from bridge.rules.spans import MOST_DAYS, Step
from bridge.web.api.fields import Given, Moment, Taken

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _day(value: Any) -> Any:
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day, such as 2027-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no day in the calendar") from None


Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2027-03-31"]})
]

Check = Literal["feed", "version", "validate", "changelog", "collection"]


class StatsQuery(Taken):
    """Which days, and in which steps. Without a beginning: 30 days, 12 weeks or 12 months, by the step."""

    since: Day | None = None
    """The first day (UTC)."""
    until: Day | None = None
    """The last day, included; left out: today."""
    days: int | None = Field(default=None, ge=1, le=MOST_DAYS)
    """So many days up to the last one, instead of ``since``."""
    step: Step = "day"
    """Weeks begin on Monday. A first or last step that the range cuts is shorter; 366 steps are the most."""


class KeyStates(Given):
    """How many keys are in each state now."""

    active: int
    grace: int
    expired: int
    not_started: int
    suspended: int
    revoked: int


class KeysNow(Given):
    """Keys in customers' hands; master and test keys are left out everywhere in these numbers."""

    states: KeyStates
    expiring: int
    """Active ones that expire within 30 days from now."""


class KeyMoves(Given):
    """What befell keys, each on its day."""

    new: int
    """Issued."""
    renewed: int
    """Given more time by a renewal, a payment or a person, even if that was taken back; a key counts once a step."""
    expired: int
    """Past the end of their grace, and not revoked before."""
    revoked: int
    """By a person, or for the money."""


class PackageStats(KeysNow):
    """The keys of one package."""

    id: int
    name: str
    level: Literal["owner", "repo"]
    """At a repo, packages of the level ``owner`` are those that the owner lends to it."""
    active: bool
    moves: KeyMoves
    """In the whole range."""


class StatsStep(Given):
    """What happened from one day to another, both included."""

    since: Day
    until: Day
    keys: KeyMoves
    lent_keys: KeyMoves
    """Of these, at a repo, the keys of the owner's packages."""
    active_sites: int
    """Domains that used a good key; a key that stated no domain, as stock Joomla does, counts as one."""
    active_keys: int
    """Different keys that were used and good."""
    checks: dict[Check, int]
    """Requests that were no downloads, good or refused, by what was asked for."""
    downloads: int
    """Delivered."""
    refused: int
    """Checks and downloads that were refused."""


class VersionStats(Given):
    """One version of one repo."""

    repo: str
    version: str
    sites: int
    """Active sites of the range whose last download, up to a year before the range, was this version."""
    downloads: int
    downloads_by_step: list[int]
    """In the order of ``steps``."""


class OtherVersions(Given):
    """The versions that are not listed, in one sum."""

    versions: int
    sites: int
    downloads: int


class Versions(Given):
    """The 50 versions that run on most sites, by repo and newest first."""

    shown: list[VersionStats]
    other: OtherVersions
    unknown_sites: int
    """Active sites that downloaded nothing in all that time."""


class Running(Given):
    """What sites run, by what they stated last."""

    name: str
    sites: int
    requests: int
    """Requests that stated it, also those without a key."""


class OtherRunning(Given):
    """What is not listed, in one sum."""

    names: int
    sites: int
    requests: int


class NotStated(Given):
    """Who did not say."""

    sites: int
    requests: int


class RunningSpread(Given):
    """The 50 that run on most sites."""

    shown: list[Running]
    other: OtherRunning
    unknown: NotStated


class Refusals(Given):
    """How often a code of docs/codes.md was the answer."""

    code: str
    checks: int
    downloads: int


class Stats(Given):
    """The numbers. Days are those of UTC; nobody's name, address or domain is in them."""

    step: Step
    as_of: Moment
    """When they were counted; what is said of keys now is said of this moment."""
    keys: KeysNow
    lent_keys: KeysNow
    """Of these, at a repo, the keys of the owner's packages."""
    packages: list[PackageStats]
    sites_on_record: int
    """Sites that are activated on these keys now, whether they were seen in the range or not."""
    total: StatsStep
    """The whole range."""
    steps: list[StatsStep]
    """Oldest first, without gaps."""
    versions: Versions
    platforms: RunningSpread
    """Joomla and Dolibarr by major and minor version."""
    php: RunningSpread
    refusals: list[Refusals]
