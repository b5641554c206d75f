"""Everything that is measured beside a real Gitea, and what reconciling costs one. What is not there is skipped."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.progress import Progress

from tools import go_servers, live_gitea
from tools.bench import beside, live_scene, reconcile, storm
from tools.bench.load import Generator
from tools.bench.report import Results

# At least, at most: what is wanted of each figure.
_INFINITE = float("inf")
_WANTED = {
    beside.FEED: (15.0, _INFINITE),
    beside.DOWNLOAD: (3.0, _INFINITE),
    storm.ERRORS: (0.0, 0.0),
    storm.P99: (0.0, 100.0),
}
_NAMES = (beside.FEED, beside.DOWNLOAD, beside.P50, beside.P95, storm.ERRORS, storm.P99)
# What one part may fail with while the others are still worth telling.
_FAILURES = (go_servers.CannotObtainError, RuntimeError, OSError, requests.RequestException)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    seconds: float
    rounds: int
    releases: int
    sites: int
    repos: int


def measure(sizes: Sizes, generator: Generator, directory: Path, bars: Progress) -> Results:
    """Measure all of it. A part that fails is skipped with its reason; the others are told all the same."""
    found = Results()
    task = bars.add_task("reconciling a pretend Gitea", total=2 * sizes.repos)
    try:
        _take(found, reconcile.reconcile(sizes.repos, lambda: bars.advance(task)))
    except _FAILURES as error:
        found.skip(reconcile.PER_REPO, str(error))
    home = directory / "beside"
    shutil.rmtree(home, ignore_errors=True)
    try:
        with live_gitea.running(live_gitea.wanted_version()) as gitea, live_scene.running(gitea, home) as scene:
            _beside(found, scene, sizes, generator, bars)
    except _FAILURES as error:
        for name in set(_NAMES) - set(found.values) - set(found.skipped):
            found.skip(name, f"there was no real Gitea with a bridge beside it: {error}")
        return found
    if set(_NAMES) & set(found.values):
        found.notes.append(f"Beside Gitea {live_gitea.wanted_version()} on SQLite, as it comes.")
    return found


def _beside(found: Results, scene: live_scene.Beside, sizes: Sizes, generator: Generator, bars: Progress) -> None:
    task = bars.add_task("beside Gitea's own files", total=1)
    parts: tuple[tuple[tuple[str, str], Callable[[], dict[str, float]]], ...] = (
        ((beside.FEED, beside.DOWNLOAD), lambda: beside.rates(scene, generator, sizes.seconds, sizes.rounds)),
        ((beside.P50, beside.P95), lambda: _hooks(scene, sizes, bars)),
        ((storm.ERRORS, storm.P99), lambda: storm.storm(scene, sizes.sites, found.notes.append)),
    )
    for names, part in parts:
        try:
            _take(found, part())
        except _FAILURES as error:
            for name in names:
                found.skip(name, str(error))
        bars.advance(task)


def _hooks(scene: live_scene.Beside, sizes: Sizes, bars: Progress) -> dict[str, float]:
    task = bars.add_task("releases on their way to the feed", total=sizes.releases)
    return beside.hook_to_feed(scene, sizes.releases, lambda: bars.advance(task))


def _take(found: Results, values: dict[str, float]) -> None:
    for name, value in values.items():
        found.add(name, value, *_WANTED.get(name, (-_INFINITE, _INFINITE)))
