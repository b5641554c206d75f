"""The few ways in which two reports of one thing become one: each commutative, associative and idempotent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

Value = TypeVar("Value")

Key = tuple[str, ...]

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Which of two reports about a changing thing is the later one: the larger.

    ``ticket`` is a number drawn *before* the thing was read from its provider, so the largest has seen every change
    that was announced before; 0 stands for a report that was pushed and not read. Pushed ones are ordered by the
    provider's own time, within it by the rank of their status (see `facts`), and last by the name of the report.
    """

    ticket: int = 0
    created: datetime = BEGINNING
    event_id: str = ""


PUSHED = Version()


def write_once(
    one: Value | None, other: Value | None, order: Callable[[Value], Any] = lambda value: value
) -> Value | None:
    """Return what is known; nothing ever overwrites it.

    Two values that contradict each other are a mistake of whoever reports them. Which came first can't decide, since
    order must not matter: the smaller one does.
    """
    if one is None or other is None or one == other:
        return other if one is None else one
    return min(one, other, key=order)


def known(one: str, other: str) -> str:
    """`write_once` for texts, where the empty one means unknown."""
    return write_once(one or None, other or None) or ""


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier moment; None means unknown."""
    return write_once(one, other)


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later moment; None means unknown."""
    return other if one is None or (other is not None and other > one) else one


def largest(one: int | None, other: int | None) -> int | None:
    """Return the larger number; None means unknown."""
    return other if one is None or (other is not None and other > one) else one


def check_not_negative(*numbers: int | None) -> None:
    """Raise ``ValueError`` for an amount or a quantity below zero."""
    if any(number is not None and number < 0 for number in numbers):
        raise ValueError("an amount or a quantity can't be negative")


def check_aware(*moments: datetime | None) -> None:
    """Raise ``ValueError`` for a moment without a time zone."""
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("a moment needs a time zone")
