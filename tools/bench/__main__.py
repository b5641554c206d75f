"""``python -m tools.bench``: prepare, measure, print ``name value`` lines, ratios last."""

import functools
import math
import shutil
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.bench import figures, filling, processes, scene
from tools.bench.filling import Filled
from tools.bench.load import generators
from tools.bench.measuring import Measured, Plan, UnsoundError, measure
from tools.bench.scene import Scene

_MOST_MEMORY_MIB = 120.0


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
@click.option("--only", multiple=True, metavar="NAME", help="Only this figure, and what it needs. May be repeated.")
@click.option("--generator", type=click.Choice(("wrk", "python")), help="Default: wrk where it is installed.")
@click.option("--fresh", is_flag=True, help="Keep nothing from earlier runs.")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("var/bench"), show_default=True)
def bench(
    seconds: float,
    rounds: int,
    keys: list[int],
    only: tuple[str, ...],
    generator: str | None,
    fresh: bool,
    directory: Path,
) -> None:
    """Measure the doors for sites, in answers a second and against the simplest program that could stand there."""
    available = generators()
    chosen = generator or next(iter(available))
    if chosen not in available:
        raise click.UsageError("wrk is not installed; --generator python works without it")
    try:
        rates = figures.wanted_rates(only, keys)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    skipped = [] if processes.nginx_path() else [name for name in rates if name in {figures.NGINX, figures.XACCEL}]
    rates = [name for name in rates if name not in skipped]
    made, databases = _prepare(directory.resolve(), keys, fresh=fresh)
    bars = _progress("[bold]measuring[/bold] {task.description}")
    with bars:
        task = bars.add_task("", total=len(rates) * (rounds + 1), completed=-1)
        plan = Plan(
            rates, seconds, rounds, available[chosen], lambda name: bars.update(task, advance=1, description=name)
        )
        try:
            measured = measure(plan, made, databases, directory.resolve())
        except UnsoundError as error:
            raise click.ClickException(str(error)) from None
        bars.update(task, advance=1)
    _print(measured, keys, chosen, skipped)


def _prepare(directory: Path, counts: list[int], *, fresh: bool) -> tuple[Scene, dict[int, Filled]]:
    if fresh:
        shutil.rmtree(directory, ignore_errors=True)
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


def _print(measured: Measured, counts: list[int], generator: str, skipped: list[str]) -> None:
    click.echo(f"# {processes.WORKERS} sync workers each; load by {generator}; {len(measured.rounds)} rounds, medians")
    if generator == "python":
        click.echo("# wrk is faster: install it for figures that the load generator does not limit")
    for name, value in figures.medians(measured.rounds).items():
        click.echo(f"{name}_rps {value:.0f}")
    for name in skipped:
        click.echo(f"# skipped {name}_rps: nginx is not installed")
    for ratio in figures.ratios(counts):
        median = figures.ratio_of(ratio, measured.rounds)
        if median is not None:
            click.echo(f"{ratio.name} {median:.3f}")
            _judge(ratio.name, median, ratio.least, ratio.most)
        elif {ratio.measured, ratio.against} & set(skipped):
            click.echo(f"# skipped {ratio.name}: nginx is not installed")
    click.echo(f"{figures.MEMORY} {measured.worker_rss_mib:.1f}")
    _judge(figures.MEMORY, measured.worker_rss_mib, 0.0, _MOST_MEMORY_MIB)


def _judge(name: str, value: float, least: float, most: float) -> None:
    """Say on the side what is out of bounds; a noisy machine must not fail anybody's build."""
    if not least <= value <= most:
        bounds = f"at least {least}" if math.isinf(most) else f"{least} to {most}"
        print(f"{name} {value:.3f} is out of bounds; wanted: {bounds}", file=sys.stderr)


if __name__ == "__main__":
    bench()
