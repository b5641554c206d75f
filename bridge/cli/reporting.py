"""How `bridge init` and `bridge uninstall` tell what they found, what they will do, and what they did."""

import sys
from collections.abc import Iterable

import click

from bridge.errors import SettingsError
from bridge.services.installing.running import Hands
from bridge.services.installing.steps import Note, Step
from bridge.services.installing.verdicts import Verdict

_COLOURS = {"good": "green", "warning": "yellow", "bad": "red"}
_MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


def show_verdicts(verdicts: Iterable[Verdict]) -> None:
    """What was found. Raises ``SettingsError`` with all that can't be lived with."""
    bad = []
    for verdict in verdicts:
        if verdict.level == "bad":
            bad.append(verdict.sentence)
        else:
            _say(verdict.level, verdict.sentence)
    if bad:
        raise SettingsError("; ".join(bad))


def show_plan(steps: Iterable[Step]) -> None:
    """What a real run does, in its order."""
    click.secho("\nThe plan:", bold=True)
    for number, step in enumerate(steps, 1):
        kept = isinstance(step, Note)
        click.echo(f"{number:3}. {'(nothing to do) ' if kept else ''}{step.sentence}")
    click.echo()


def carry_out(hands: Hands, steps: Iterable[Step]) -> bool:
    """Do them all; returns whether something is left to do for a person."""
    left = False
    for step in steps:
        done = hands.do(step)
        _say("warning" if done.warning else "good", done.sentence)
        left |= done.warning
    return left


def _say(level: str, sentence: str) -> None:
    click.secho(f"{_MARKS[level]} ", fg=_COLOURS[level], nl=False)
    click.echo(f"{sentence[:1].upper()}{sentence[1:]}{'' if sentence.endswith('.') else '.'}")
    sys.stdout.flush()
