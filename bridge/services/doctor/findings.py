"""What a check is, and what it can find: each outcome a sentence and a fix, written once for terminal and docs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is. ``skipped``: another check that failed stands in the way."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that a check can find. ``sentence`` and ``fix`` have blanks in braces for what was seen."""

    code: str
    level: Level
    sentence: str
    fix: str = ""


def ok(code: str, sentence: str) -> Outcome:
    """All is well."""
    return Outcome(code, Level.OK, sentence)


def warning(code: str, sentence: str, fix: str) -> Outcome:
    """It works, and somebody should look at it."""
    return Outcome(code, Level.WARNING, sentence, fix)


def error(code: str, sentence: str, fix: str) -> Outcome:
    """Something does not work, or is open that should be shut."""
    return Outcome(code, Level.ERROR, sentence, fix)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check says: the code of an outcome, what goes into its blanks, and the repo that it is about."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    subject: str = ""


def seen(code: str, subject: str = "", **values: object) -> Seen:
    """Say it."""
    return Seen(code, values, subject)


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``looks_at`` and ``why`` are for the docs; ``needs`` names checks without which it can't be made."""

    name: str
    looks_at: str
    why: str
    outcomes: tuple[Outcome, ...]
    run: Callable[[Any], Iterable[Seen]]
    needs: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    def finding(self, said: Seen) -> "Finding":
        """The sentence and the fix with their blanks filled."""
        outcome = next(each for each in self.outcomes if each.code == said.code)
        sentence, fix = outcome.sentence.format(**said.values), outcome.fix.format(**said.values)
        return Finding(self.name, outcome.code, outcome.level, sentence, fix, said.subject)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in words."""

    check: str
    code: str
    level: Level
    sentence: str
    fix: str = ""
    subject: str = ""

    def to_dict(self) -> dict[str, str]:
        """As JSON shows it."""
        return {
            "check": self.check,
            "code": self.code,
            "level": self.level,
            "subject": self.subject,
            "sentence": self.sentence,
            "fix": self.fix,
        }
