"""``bridge db``: the schema of the database."""

import click

from bridge.cli.common import Context, pass_context
from bridge.parts import Parts
from bridge.storage import schema


@click.group()
def db() -> None:
    """Create, upgrade and check the database."""


@db.command()
@pass_context
def upgrade(context: Context) -> None:
    """Bring the database to the schema of this version; creates it where there is none."""
    parts = Parts(context.settings)
    before = schema.current(parts.engine)
    schema.upgrade(parts.engine)
    after = schema.current(parts.engine)
    click.echo(f"The database is at {after}." if before != after else f"Nothing to do: the database is at {after}.")
    parts.engine.dispose()


@db.command()
@pass_context
def check(context: Context) -> None:
    """Say which schema the database has, and whether this version can run on it."""
    parts = Parts(context.settings)
    schema.require_current(parts.engine)
    click.echo(f"The database is at {schema.current(parts.engine)}, as this version needs it.")
    parts.engine.dispose()
