"""``bridge key import`` and ``bridge key export``: customers of another system, and a table of all keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

import click
from rich.console import Console
from rich.progress import Progress

from bridge.cli.common import Context, as_json, find_level, pass_context, show_rows
from bridge.errors import InvalidInputError, RefusedError
from bridge.rules.packages import name_key
from bridge.services import exports, imports
from bridge.storage import licenses
from bridge.storage.key_search import Filter, Sight

_MOST_LISTED = 50
_COLUMNS = ("line", "action", "package", "key_id", "state", "column", "sentence")


@click.command("import")
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "ours", "akeeba", "edd"]),
    default="auto",
    show_default=True,
    help="Whose table it is; auto: by its header line.",
)
@click.option("--map", "mapped", multiple=True, metavar="NAME=PACKAGE", help="A product that is this package here.")
@click.option("--skip-bad", is_flag=True, help="Leave rows out that can't be taken, instead of importing nothing.")
@click.option("--all", "tell_all", is_flag=True, help="Tell about each row, not only about those to be looked at.")
@as_json
@pass_context
def import_keys(
    context: Context,
    target: str,
    file: BinaryIO,
    form: str,
    mapped: Sequence[str],
    *,
    dry_run: bool,
    skip_bad: bool,
    tell_all: bool,
    as_json: bool,
) -> None:
    """Take in keys from FILE, a table (CSV): our own export, Akeeba Release System's or EDD Software Licensing's.

    Codes stay as they are, so customers notice nothing. All rows are imported or, when one can't be, none. The same
    file again imports nothing new. docs/import.md describes the columns.
    """
    if not file.seekable():
        raise InvalidInputError("file", "a table is read twice; save it to a file first")
    table = imports.open_table(file, form)
    with _progress() as progress:
        reading = progress.add_task("Reading", total=table.size)
        with context.reading() as session:
            owner, repo = find_level(session, target)
            asked = imports.Asked(
                owner.id,
                repo.id if repo else None,
                context.parts.clock(),
                context.settings.bridge.key_prefix,
                mapped=_mapped(session, owner.id, mapped),
                each=_tell if tell_all and not as_json else lambda _: None,
                progress=lambda done: progress.update(reading, completed=done),
            )
            planned = imports.plan(session, table, asked)
        with planned:
            stopped = planned.counts["refused"] > 0 and not skip_bad
            if not (dry_run or stopped):
                making = progress.add_task("Making", total=planned.counts["issue"] or None)
                with context.writing() as session:
                    imports.apply(
                        session, planned, asked, context.issuer, lambda done: progress.update(making, completed=done)
                    )
    _report(planned, as_json=as_json, done=not (dry_run or stopped))
    if stopped:
        raise RefusedError("some rows can't be taken, so nothing is imported; mend them, or leave them out: --skip-bad")


@click.command("export")
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    help="Instead of the screen.",
)
@pass_context
def export_keys(context: Context, target: str, file: IO[str]) -> None:
    """Write all keys but master keys as a table (CSV) that can be imported again."""
    with context.writing() as session:
        owner, repo = find_level(session, target)
        scope = exports.scope(session, Sight(owner.id, repo.id if repo else None), Filter(), context.parts.clock())
        exports.note(session, scope, context.actor)
    with _progress() as progress:
        writing = progress.add_task("Writing", total=None)
        for text in exports.lines(context.reading, scope, lambda done: progress.update(writing, completed=done)):
            file.write(text)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar for whoever looks; what is written elsewhere holds the result only."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def _mapped(session: Any, owner_id: int, stated: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """``Pro=3``, ``Pro=3,4`` or ``Pro=Standard``: what a product of the table is here."""
    packages = licenses.packages_of(session, owner_id)
    found: dict[str, tuple[int, ...]] = {}
    for each in stated:
        name, equals, wanted = each.rpartition("=")
        numbers = tuple(row.id or 0 for row in packages if row.name_key == name_key(wanted))
        if not numbers and all(part.strip().isdigit() for part in wanted.split(",")):
            numbers = tuple(int(part) for part in wanted.split(","))
        if not equals or not name or not numbers:
            raise InvalidInputError("map", f"{each!r} maps no product to a package; write --map 'EDD product=Standard'")
        if len(numbers) > 1 and "," not in wanted:
            raise InvalidInputError("map", f"there are several packages “{wanted}”; name one by its number")
        found[name] = numbers
    return found


def _tell(verdict: imports.Verdict) -> None:
    click.echo(f"line {verdict.line}: {verdict.action}: {verdict.sentence}")


def _report(planned: imports.Plan, *, as_json: bool, done: bool) -> None:
    rows = [{name: getattr(each, name) for name in _COLUMNS} for each in planned.shown]
    if as_json:
        show_rows([*rows], as_json=True, empty="")
        return
    bad = [row for row in rows if row["action"] == "refused"]
    if bad:
        show_rows(bad[:_MOST_LISTED], as_json=False, empty="", columns=("line", "column", "sentence"))
    counts = planned.counts
    told = f"{counts['issue']} new, {counts['known']} known, {counts['adopt']} bound to a purchase"
    beside = f"; {counts['refused']} refused" if counts["refused"] else ""
    name = planned.table.header.form.title
    click.echo(f"{'Imported' if done else 'Would be'}: {told}{beside} ({planned.rows} rows, {name}).")
    if planned.table.header.passed_over:
        listed = ", ".join(planned.table.header.passed_over[:_MOST_LISTED])
        click.echo(f"Nothing was taken from the columns {listed}.")
