"""What people decided about a repo or an owner, as Gitea's Actions variables hold it.

Absent is a decision (the default), invalid is a mistake: then the last good value of that variable stays, and where
there never was one, the most closed value stands in. Nothing ever opens by a typing error.
"""

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from bridge.rules.feed_rules import Edition, FeedRules, PlatformRule, RequireKey, parse_feed, require_key_of
from bridge.rules.sellers import Role, Seller, parse_seller, parse_teams
from bridge.rules.streams import DEFAULT_STREAMS, InvalidStreams, Stream, narrow, parse_streams
from bridge.rules.strict_toml import InvalidSetting

__all__ = [
    "OWNER_VARIABLES",
    "REPO_VARIABLES",
    "Edition",
    "FeedRules",
    "OwnerSettings",
    "Platform",
    "PlatformRule",
    "Problem",
    "ReadSettings",
    "RepoSettings",
    "RequireKey",
    "Role",
    "Seller",
    "read_owner_variables",
    "read_repo_variables",
]

Platform = Literal["joomla", "dolibarr", "both", "none"]

PREFIX = "LICENSING_"
PLATFORM, REQUIRE_KEY = "LICENSING_PLATFORM", "LICENSING_REQUIRE_KEY"
STREAMS, FEED = "LICENSING_STREAMS", "LICENSING_FEED"
TEAMS, SELLER = "LICENSING_TEAMS", "LICENSING_SELLER"
REPO_VARIABLES = (PLATFORM, REQUIRE_KEY, STREAMS, FEED)
OWNER_VARIABLES = (STREAMS, TEAMS, SELLER)

_PLATFORMS: dict[str, Platform] = {"joomla": "joomla", "dolibarr": "dolibarr", "both": "both", "none": "none"}


@dataclass(frozen=True, slots=True)
class Problem:
    """A variable that cannot be used as it stands, and a sentence that says how to write it."""

    variable: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """A repo's decisions. ``platform`` None: the repo is not served.

    ``stated`` names the variables whose value here was once read from a valid text; the next reading needs it to tell a
    last good value from a default.
    """

    platform: Platform | None = None
    require_key: RequireKey = "download"
    streams: tuple[Stream, ...] = DEFAULT_STREAMS
    feed: FeedRules = field(default_factory=FeedRules)
    stated: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RepoSettings":
        """Rebuild settings from `to_dict`, also after a trip through JSON; raises KeyError or TypeError for others."""
        return cls(
            platform=data["platform"],
            require_key=data["require_key"],
            streams=_streams_from(data["streams"]),
            feed=FeedRules.from_dict(data["feed"]),
            stated=tuple(data["stated"]),
        )


@dataclass(frozen=True, slots=True)
class OwnerSettings:
    """An owner's decisions; ``teams`` pairs a Gitea team's name in lower case with its role, ``stated`` as in repos."""

    streams: tuple[Stream, ...] = DEFAULT_STREAMS
    seller: Seller = field(default_factory=Seller)
    teams: tuple[tuple[str, Role], ...] = ()
    stated: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        found = asdict(self)
        if self.seller.reminders:  # as it always was: versions before this word would stumble over it
            del found["seller"]["reminders"]
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "OwnerSettings":
        """Rebuild settings from `to_dict`, also after a trip through JSON; raises KeyError or TypeError for others."""
        return cls(
            streams=_streams_from(data["streams"]),
            seller=Seller(**data["seller"]),
            teams=tuple((name, role) for name, role in data["teams"]),
            stated=tuple(data["stated"]),
        )


S = TypeVar("S", RepoSettings, OwnerSettings)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadSettings(Generic[S]):
    """The settings in force after a reading, and what was wrong with the variables."""

    settings: S
    problems: tuple[Problem, ...]


def read_repo_variables(
    values: Mapping[str, str], owner: OwnerSettings, last_good: RepoSettings | None
) -> ReadSettings[RepoSettings]:
    """Read a repo's variables (name to text); ``last_good`` is what the reading before this one answered.

    An unreadable `LICENSING_FEED` without a last good one asks for a key everywhere: it may name editions that do.
    """
    last = last_good or RepoSettings()
    reading = _Reading(values, REPO_VARIABLES, last.stated)
    platform = reading.value(PLATFORM, _platform, absent=None, last=last.platform, closed=None)
    require_key = reading.value(REQUIRE_KEY, _require_key, absent="download", last=last.require_key, closed="true")
    streams = reading.value(
        STREAMS,
        lambda text: narrow(owner.streams, text),
        absent=owner.streams,
        last=_still_granted(last.streams, owner.streams),
        closed=_only_stable(owner.streams),
    )
    feed = reading.value(FEED, parse_feed, absent=FeedRules(), last=last.feed, closed=None)
    if feed is None:
        feed, require_key = FeedRules(), "true"
        reading.forget(REQUIRE_KEY)
    for name in feed.stream_tags:
        if name not in {stream.name for stream in owner.streams}:
            reading.report(FEED, f"[streams.{name}] names no stream of the owner; use one of {_names(owner.streams)}.")
    return ReadSettings(RepoSettings(platform, require_key, streams, feed, reading.stated), reading.all_problems)


def read_owner_variables(values: Mapping[str, str], last_good: OwnerSettings | None) -> ReadSettings[OwnerSettings]:
    """Read an owner's variables (name to text); ``last_good`` is what the reading before this one answered."""
    last = last_good or OwnerSettings()
    reading = _Reading(values, OWNER_VARIABLES, last.stated)
    settings = OwnerSettings(
        streams=reading.value(
            STREAMS,
            parse_streams,
            absent=DEFAULT_STREAMS,
            last=last.streams,
            closed=_only_stable(DEFAULT_STREAMS),
        ),
        seller=reading.value(SELLER, parse_seller, absent=Seller(), last=last.seller, closed=Seller()),
        teams=reading.value(TEAMS, parse_teams, absent=(), last=last.teams, closed=()),
    )
    return ReadSettings(replace(settings, stated=reading.stated), reading.all_problems)


class _Reading:
    """One pass over the variables of a repo or an owner: collects problems and which values were good."""

    def __init__(self, values: Mapping[str, str], known: Sequence[str], stated_before: Collection[str]) -> None:
        self._values = {name.upper(): text for name, text in values.items()}
        self._stated_before = stated_before
        self._stated: list[str] = []
        self._problems = [
            Problem(name, _unknown_sentence(name, known))
            for name in self._values
            if name.startswith(PREFIX) and name not in known
        ]

    def value(self, variable: str, parse: Callable[[str], T], *, absent: T, last: T, closed: T) -> T:
        text = self._values.get(variable)
        if text is None:
            return absent
        try:
            value = parse(text)
        except (InvalidSetting, InvalidStreams) as error:
            self.report(variable, str(error))
            if variable not in self._stated_before:
                return closed
            value = last
        self._stated.append(variable)
        return value

    def report(self, variable: str, sentence: str) -> None:
        self._problems.append(Problem(variable, sentence))

    def forget(self, variable: str) -> None:
        self._stated = [name for name in self._stated if name != variable]

    @property
    def stated(self) -> tuple[str, ...]:
        return tuple(self._stated)

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)


def _platform(text: str) -> Platform:
    platform = _PLATFORMS.get(text.strip().casefold())
    if platform is None:
        raise InvalidSetting(f"“{text.strip()}” is not a platform; write joomla, dolibarr, both or none.")
    return platform


def _require_key(text: str) -> RequireKey:
    require_key = require_key_of(text.strip().casefold())
    if require_key is None:
        raise InvalidSetting(f"“{text.strip()}” does not say who needs a key; write true, download or false.")
    return require_key


def _unknown_sentence(name: str, known: Sequence[str]) -> str:
    if name in REPO_VARIABLES:
        return f"{name} belongs to a repo, not to its owner; set it in the repo's settings."
    if name in OWNER_VARIABLES:
        return f"{name} belongs to the owner, not to a repo; set it in the owner's settings."
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not known here; use {near[0] if near else ', '.join(known)}."


def _still_granted(streams: Sequence[Stream], granted: Sequence[Stream]) -> tuple[Stream, ...]:
    """Return the last good choice as far as the owner still has these streams, and as open as both allow."""
    chosen = {stream.name: stream.listed_in_open_feed for stream in streams}
    return tuple(
        replace(
            stream,
            listed_in_open_feed=stream.stability == "stable" or (stream.listed_in_open_feed and chosen[stream.name]),
        )
        for stream in granted
        if stream.name in chosen
    )


def _only_stable(streams: Sequence[Stream]) -> tuple[Stream, ...]:
    return tuple(stream for stream in streams if stream.stability == "stable")


def _names(streams: Sequence[Stream]) -> str:
    return ", ".join(stream.name for stream in streams)


def _streams_from(rows: Sequence[Mapping[str, Any]]) -> tuple[Stream, ...]:
    return tuple(Stream(**row) for row in rows)
