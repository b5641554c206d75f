"""Figures that want neither a peer nor a load of feeds: of payments, and of the pages."""

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress, TaskID

from bridge.errors import BridgeError
from tools.bench import figures, hooks, keys_page, recompute
from tools.bench.measuring import UnsoundError
from tools.bench.report import Results

# What one part may fail with while the others are still worth telling.
_FAILURES = (UnsoundError, BridgeError, RuntimeError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. ``queued`` deliveries wait, ``purchases`` are compared with a hundred, ``listed`` keys."""

    seconds: float
    rounds: int
    queued: int
    purchases: int
    listed: int


def measure(wanted: Collection[str], sizes: Sizes, directory: Path, bars: Progress) -> Results:
    """Measure what is wanted of these figures. A part that fails is skipped with its reason."""
    found = Results()
    listing, merging = figures.page(sizes.listed), figures.recompute(sizes.purchases)
    delivering = [name for name in (figures.HOOKS, figures.HOOK_P99) if name in wanted]
    load = hooks.Sizes(sizes.seconds, sizes.rounds, sizes.queued)
    parts: list[tuple[str, list[str], Callable[[Path, Callable[[], None]], dict[str, float]]]] = [
        (
            "deliveries",
            delivering,
            lambda home, step: hooks.hooks(home, load, delivering, hooks.Ears(step, found.notes.append)),
        ),
        (
            "purchases",
            [merging],
            lambda home, step: {merging: recompute.recompute(home, sizes.purchases, sizes.rounds, step)},
        ),
        (
            "a page of keys",
            [listing],
            lambda home, step: {
                listing: keys_page.keys_page(home, sizes.listed, sizes.rounds, found.notes.append, step)
            },
        ),
    ]
    for words, names, part in parts:
        if set(names) & set(wanted):
            _try(
                found,
                names,
                part,
                directory / "parts" / words.replace(" ", "-"),
                bars,
                bars.add_task(words, total=None),
            )
    return found


def _try(
    found: Results,
    names: list[str],
    part: Callable[[Path, Callable[[], None]], dict[str, float]],
    home: Path,
    bars: Progress,
    task: TaskID,
) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    try:
        for name, value in part(home, lambda: bars.advance(task)).items():
            found.add(name, value, *figures.wanted_of(name))
    except _FAILURES as error:
        for name in names:
            found.skip(name, str(error))
    shutil.rmtree(home, ignore_errors=True)
    bars.update(task, total=1, completed=1)
