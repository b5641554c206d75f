"""``python -m tools.bench``: prepare, measure, print ``name value`` lines, ratios last where there are several."""

import functools
import shutil
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.bench import figures, filling, parts, peers, processes, report, scene
from tools.bench.filling import Filled
from tools.bench.load import Generator, generators
from tools.bench.measuring import Measured, Plan, UnsoundError, measure
from tools.bench.scene import Scene

_MOST_MEMORY_MIB = 120.0
_NO_NGINX = "nginx is not installed"


def _counts(_context: click.Context, _option: click.Parameter, value: str) -> list[int]:
    try:
        counts = sorted({int(word) for word in value.split(",")})
    except ValueError:
        raise click.BadParameter("numbers, separated by commas") from None
    if counts[0] < 1:
        raise click.BadParameter("at least one key")
    return counts


@click.command()
@click.option("--seconds", default=2.0, show_default=True, help="Of each measurement; wrk takes whole ones.")
@click.option("--rounds", default=8, show_default=True, help="How often everything is measured in turn.")
@click.option("--keys", default="100,10000,1000000", show_default=True, callback=_counts, help="Sizes of databases.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Only this figure and what it needs, or those of a group: sites, payments, pages. May be repeated.",
)
@click.option("--queued", default=10_000, show_default=True, help="Deliveries that wait while others come.")
@click.option("--purchases", default=100_000, show_default=True, help="To be compared with 100 purchases.")
@click.option("--listed", default=100_000, show_default=True, help="Keys of a repo whose page is looked at.")
@click.option("--generator", type=click.Choice(("wrk", "python")), help="Default: wrk where it is installed.")
@click.option("--beside", is_flag=True, help="Also beside a real Gitea, which is built the first time (wants go, git).")
@click.option("--releases", default=200, show_default=True, help="With --beside: to be timed from hook to feed.")
@click.option("--sites", default=10_000, show_default=True, help="With --beside: in the storm, at most 10,000.")
@click.option("--repos", default=1000, show_default=True, help="With --beside: to be reconciled.")
@click.option("--report", "page", type=click.Path(path_type=Path), help="Write performance.md and .svg there.")
@click.option("--fresh", is_flag=True, help="Keep nothing from earlier runs.")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("var/bench"), show_default=True)
def bench(
    seconds: float,
    rounds: int,
    keys: list[int],
    only: tuple[str, ...],
    queued: int,
    purchases: int,
    listed: int,
    generator: str | None,
    fresh: bool,
    directory: Path,
    beside: bool,
    releases: int,
    sites: int,
    repos: int,
    page: Path | None,
) -> None:
    """Measure how fast the bridge is: one line for each figure, and on the side what was wanted and missed.

    Three groups of figures need nothing but this machine. SITES: feeds and downloads, in answers a second and against
    the simplest program that could stand there. PAYMENTS: deliveries accepted a second, and how soon each is answered
    while thousands wait; bringing one purchase in line among very many against among few. PAGES: the page of a repo's
    keys, searched, filtered and sorted. With --beside a real Gitea is added: ratios to its own files, seconds from hook
    to feed, a storm of sites, and what reconciling asks of it.

    The names of figures hold the sizes, so a run of other sizes tells figures of other names. What could not be
    measured is told as skipped, with the reason, and never as a figure.
    """
    available = generators()
    chosen = generator or next(iter(available))
    if chosen not in available:
        raise click.UsageError("wrk is not installed; --generator python works without it")
    try:
        wanted = figures.chosen(only, figures.groups(keys, purchases, listed))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    directory = directory.resolve()
    if fresh:
        shutil.rmtree(directory, ignore_errors=True)
    found = _sites(wanted, keys, (seconds, rounds), available[chosen], directory, fresh=fresh)
    with _progress("{task.description}") as bars:
        sizes = parts.Sizes(seconds, rounds, queued, purchases, listed)
        found.update(parts.measure(wanted, sizes, directory, bars))
        if beside:
            of_peers = peers.Sizes(seconds, rounds, releases, min(sites, 10_000), repos)
            found.update(peers.measure(of_peers, available[chosen], directory, bars))
    click.echo(f"# {processes.WORKERS} sync workers each; load by {chosen}; {rounds} rounds, medians")
    if chosen == "python":
        click.echo("# wrk is faster: install it for figures that the load generator does not limit")
    found.print()
    if page is not None:
        report.write(found, page, f"{chosen}, {rounds} rounds of {seconds:g} seconds")


def _sites(
    wanted: list[str],
    keys: list[int],
    length: tuple[float, int],
    generator: Generator,
    directory: Path,
    *,
    fresh: bool,
) -> report.Results:
    """Measure what is wanted of the doors for sites. ``length``: seconds and rounds."""
    rates = figures.needed_rates(wanted, keys)
    skipped = [] if processes.nginx_path() else [name for name in rates if name in {figures.NGINX, figures.XACCEL}]
    rates = [name for name in rates if name not in skipped]
    if not rates:
        return _results(Measured(), keys, skipped)
    made, databases = _prepare(directory, keys, fresh=fresh)
    seconds, rounds = length
    with _progress("[bold]measuring[/bold] {task.description}") as bars:
        task = bars.add_task("", total=len(rates) * (rounds + 1), completed=-1)
        plan = Plan(rates, seconds, rounds, generator, lambda name: bars.update(task, advance=1, description=name))
        try:
            measured = measure(plan, made, databases, directory)
        except UnsoundError as error:
            raise click.ClickException(str(error)) from None
        bars.update(task, advance=1)
    return _results(measured, keys, skipped)


def _prepare(directory: Path, counts: list[int], *, fresh: bool) -> tuple[Scene, dict[int, Filled]]:
    directory.mkdir(parents=True, exist_ok=True)
    made = scene.prepare(directory / "scene", fresh=fresh)
    databases = {}
    with _progress("{task.description}") as bars:
        for count in counts:
            task = bars.add_task(f"a database with {count} keys", total=count)
            advance = functools.partial(bars.advance, task)
            databases[count] = filling.fill(made, count, directory, fresh=fresh, advance=advance)
    return made, databases


def _progress(words: str) -> Progress:
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _results(measured: Measured, counts: list[int], skipped: list[str]) -> report.Results:
    """What was measured, by name, ratios last."""
    found = report.Results()
    told = figures.medians(measured.rounds) if measured.rounds else {}
    for name, value in told.items():
        found.add(f"{name}_rps", value)
    for name in skipped:
        found.skip(f"{name}_rps", _NO_NGINX)
    for ratio in figures.ratios(counts):
        median = figures.ratio_of(ratio, measured.rounds) if told else None
        if median is not None:
            found.add(ratio.name, median, ratio.least, ratio.most)
        elif {ratio.measured, ratio.against} & set(skipped):
            found.skip(ratio.name, _NO_NGINX)
    if figures.memory_of(counts) <= told.keys():
        found.add(figures.MEMORY, measured.worker_rss_mib, 0.0, _MOST_MEMORY_MIB)
    return found


if __name__ == "__main__":
    bench()
