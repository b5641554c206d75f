"""``bridge backup`` and ``bridge restore``."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from bridge.cli.common import Context, pass_context
from bridge.cli.locks import nobody_serves
from bridge.services import backups
from bridge.services.figures import BACKUP
from bridge.storage import usage


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--store", is_flag=True, help="With the copies of release files; without, they come from Gitea again.")
@pass_context
def backup(context: Context, file: Path, store: bool) -> None:
    """Write a backup to FILE, while everything goes on.

    It holds every license and customer: keep it as safe as the database. The configuration and its secrets are not in
    it. PostgreSQL is backed up by its own pg_dump, which must be installed.
    """
    settings = context.settings
    console = Console(stderr=True)
    with console.status("…") as status:
        made = backups.backup(
            settings.database.url,
            settings.store_dir,
            file,
            datetime.now(UTC),
            store=store,
            progress=lambda what: status.update(f"backing up {what}"),
        )
    with context.writing() as session:
        usage.beat(session, BACKUP, datetime.now(UTC))
    more = f" and {made.store_files} release files" if store else ""
    click.echo(f"{file} holds the database at {made.schema}{more} ({file.stat().st_size:,} bytes).")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--over", is_flag=True, help="Also where there is a database already. SQLite's old file is kept aside.")
@pass_context
def restore(context: Context, file: Path, over: bool) -> None:
    """Put the backup in FILE in the place of the database, and its release files into the store.

    Stop `bridge serve` first. Afterwards `bridge db upgrade` brings a backup of an older version up to this one.
    """
    settings = context.settings
    with nobody_serves(settings):
        done = backups.restore(settings.database.url, settings.store_dir, file, datetime.now(UTC), over=over)
    click.echo(f"Restored what was backed up at {done.manifest.made_at} (schema {done.manifest.schema}).")
    if done.kept is not None:
        click.echo(f"The database that was there is now {done.kept}.")
    click.echo("Now run `bridge db upgrade`, then `bridge serve`.")
