"""``bridge uninstall``: out of Gitea again."""

import contextlib
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
from pydantic import SecretStr

from bridge.cli.common import Context, pass_context
from bridge.cli.exits import EXIT_LEFT_TO_DO
from bridge.cli.locks import nobody_serves
from bridge.cli.questions import read_token
from bridge.cli.reporting import carry_out, show_plan
from bridge.errors import RefusedError
from bridge.parts import Parts
from bridge.services.gitea_access import open_gitea
from bridge.services.installing.files import Files
from bridge.services.installing.proving import PostBox
from bridge.services.installing.removing import Part, Removal
from bridge.services.installing.running import Hands, Outside
from bridge.settings import Settings
from bridge.storage import schema
from bridge.storage.dumps import sqlite_file

_PARTS: tuple[Part, ...] = ("variables", "database", "config")


@click.command()
@click.option("--purge", type=click.Choice([*_PARTS, "all"]), multiple=True, help="Delete this as well; repeat it.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with a token that may delete webhooks, where the configured one may not; - is standard input.",
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Look and say what would be done; change nothing.")
@pass_context
def uninstall(context: Context, purge: tuple[str, ...], token_file: Path | None, yes: bool, dry_run: bool) -> None:
    """Take out of Gitea what `bridge init` put there: the webhook and the application for sign-in.

    Stop `bridge serve` first, or afterwards. The variables of repos, the database and the configuration stay unless
    --purge names them; each is asked for by its name. What is gone already is no error.
    """
    settings = context.settings
    if token_file is not None:
        settings.gitea.token = SecretStr(read_token(token_file))
    parts: set[Part] = set(_PARTS) if "all" in purge else {cast("Part", each) for each in purge}
    files = Files(context.config_file)
    with open_gitea(settings.gitea) as client:
        steps = Removal(client, settings, files, parts).plan()
        show_plan(steps)
        if dry_run:
            click.echo("Nothing was changed.")
            return
        if not yes:
            _agree(parts)
        left_to_do = carry_out(Hands(client, files, _outside(settings)), steps)
    sys.exit(EXIT_LEFT_TO_DO if left_to_do else 0)


def _agree(parts: set[Part]) -> None:
    """Ask; what can't be made again is asked for by its name."""
    click.confirm("Do that?", default=not parts, abort=True)
    for part in sorted(parts):
        typed = click.prompt(f"Type the word {part} to delete it for good", default="", show_default=False)
        if typed.strip() != part:
            raise RefusedError(f"nothing was deleted, since {part} was not confirmed")


def _outside(settings: Settings) -> Outside:
    @contextlib.contextmanager
    def no_post_box() -> Iterator[PostBox]:
        raise NotImplementedError("a removal proves nothing")
        yield

    return Outside(
        migrate=lambda: "",
        post_box=no_post_box,
        wait_seconds=0,
        unique=lambda: secrets.token_hex(6),
        drop_database=lambda: _drop_database(settings),
    )


def _drop_database(settings: Settings) -> None:
    """Raises ``ConflictError`` while a bridge runs on it."""
    with nobody_serves(settings):
        file = sqlite_file(settings.database.url)
        if file is None:
            parts = Parts(settings)
            schema.downgrade(parts.engine, "base")
            parts.close()
        else:
            for ending in ("", "-wal", "-shm", ".serve-lock", ".use-lock"):
                Path(f"{file}{ending}").unlink(missing_ok=True)
            for lock in file.parent.glob(f"{file.name}.turn-*"):
                lock.unlink(missing_ok=True)
        shutil.rmtree(settings.store_dir, ignore_errors=True)
        with contextlib.suppress(OSError):  # something of somebody else is in it
            settings.bridge.data_dir.rmdir()
