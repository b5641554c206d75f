"""``bridge init``: beside an existing Gitea in one go, and again whenever something is missing."""

import functools
import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from bridge.cli.common import Context, pass_context
from bridge.cli.exits import EXIT_LEFT_TO_DO
from bridge.cli.listening import listening, refuse_taken_port
from bridge.cli.proxying import Proxy, instructions
from bridge.cli.questions import Given, answers, read_token
from bridge.cli.reporting import carry_out, show_plan, show_verdicts
from bridge.errors import ConflictError, InvalidInputError
from bridge.parts import Parts, utc_now
from bridge.services.gitea_access import open_gitea
from bridge.services.installing import looking, planning
from bridge.services.installing.files import Files
from bridge.services.installing.gitea_folder import GiteaFolder
from bridge.services.installing.gitea_texts import Where
from bridge.services.installing.holding import Held
from bridge.services.installing.planning import Found
from bridge.services.installing.proving import BridgesOwn
from bridge.services.installing.running import Hands, Outside
from bridge.services.installing.steps import ChangeGiteaFile, CreateApplication, Step, WriteConfig
from bridge.services.installing.values import Answers, GiteaFacts
from bridge.services.installing.verdicts import judge
from bridge.settings import load
from bridge.storage import schema
from bridge.storage.engine import has_password
from gitea_client.client import GiteaClient


def _options(command: Any) -> Any:
    """The questions as options, and how they are asked."""
    file = click.Path(path_type=Path, dir_okay=False)
    for option in reversed(
        (
            click.option("--gitea-url", help="Gitea, as this machine reaches it."),
            click.option("--gitea-public-url", help="Gitea, as people see it (default: the same)."),
            click.option("--public-url", help="This bridge, as sites see it (default: the host of Gitea)."),
            click.option("--hook-url", help="This bridge, as Gitea reaches it (default: at --bind)."),
            click.option("--owner", "owners", multiple=True, help="Who is served; repeat it. '*': everybody."),
            click.option("--database", help="sqlite (default), or postgresql://user@host/name, no password."),
            click.option("--database-file", type=file, help="A file with the address of PostgreSQL and its password."),
            click.option("--data-dir", type=click.Path(path_type=Path), help="For SQLite and copies of release files."),
            click.option("--bind", help="Where the bridge listens (default: 127.0.0.1:8080)."),
            click.option(
                "--gitea-custom",
                type=click.Path(path_type=Path, file_okay=False),
                help="Gitea's custom directory: put a tab and links to the pages there.",
            ),
            click.option("--token-file", type=file, help="A file with Gitea's token; - is standard input."),
            click.option(
                "--proxy",
                type=click.Choice(["nginx", "caddy"]),
                default="nginx",
                show_default=True,
                help="Whose files and lines are named at the end.",
            ),
            click.option("--wait", type=float, default=15.0, show_default=True, help="Seconds for a test delivery."),
            click.option("--overwrite", is_flag=True, help="Change a configuration that was changed by hand."),
            click.option("--yes", "-y", is_flag=True, help="Ask nothing; take the defaults."),
            click.option("--dry-run", is_flag=True, help="Look and say what would be done; change nothing."),
        )
    ):
        command = option(command)
    return command


@click.command()
@_options
@pass_context
def init(
    context: Context, /, proxy: Proxy, wait: float, overwrite: bool, yes: bool, dry_run: bool, **options: Any
) -> None:
    """Install the bridge beside a Gitea: ask, check, and set everything up.

    It checks the token and says what it can do, makes the webhook and the application for sign-in in Gitea, sees a
    delivery arrive, writes the configuration (secrets in files of their own) and the database, and prints what the
    proxy needs. Nothing of Gitea's own is touched. Run again, it completes what is missing.
    `bridge uninstall` takes it out.
    """
    files = Files(context.config_file)
    held = Held.by(files)
    decided, settings = answers(_given(options, ask=not yes), held)
    refuse_taken_port(decided.bind)
    with open_gitea(settings.gitea) as client:
        facts = looking.look(client, decided.gitea_url, decided.token, decided.named_owners)
        show_verdicts(judge(facts, decided))
        steps = planning.plan(decided, held, _found(client, facts, decided, held))
        show_plan(steps)
        if dry_run:
            click.echo("Nothing was changed.")
            return
        _agree(steps, files, asking=not yes, overwrite=overwrite)
        left_to_do = carry_out(Hands(client, files, _outside(files, decided, wait)), steps)
    _show_what_follows(context, decided, proxy)
    sys.exit(EXIT_LEFT_TO_DO if left_to_do else 0)


def _given(options: dict[str, Any], *, ask: bool) -> Given:
    token_file, database_file = options.pop("token_file"), options.pop("database_file")
    database = options.pop("database")
    if database and database.startswith("postgresql") and has_password(database):
        raise InvalidInputError(
            "database", "a password on the command line is seen by everybody on this machine; use --database-file"
        )
    if database_file is not None:
        database = Files(database_file).read_secret(database_file)
    token = read_token(token_file) if token_file is not None else None
    return Given(**options, database=database, token=token, ask=ask)


def _found(client: GiteaClient, facts: GiteaFacts, decided: Answers, held: Held) -> Found:
    record = held.files.record()
    levels = looking.hook_levels(client, facts)
    find = functools.partial(
        looking.hooks_seen,
        client,
        address=decided.hook_address,
        record=record,
        version=facts.version,
        holds_secret=bool(held.hook_secret),
    )
    elsewhere = [find(level) for level in planning.levels_elsewhere(record.levels, levels)]
    applications = looking.find_applications(
        client, facts.token, decided.callback, held.text("oauth.client_id"), record
    )
    pages = _pages(client, decided)
    return Found(tuple(map(find, levels)), tuple(elsewhere), applications, secrets.token_hex(32), pages)


def _pages(client: GiteaClient, decided: Answers) -> tuple[ChangeGiteaFile, ...]:
    """What Gitea's templates lack."""
    if decided.custom_dir is None:
        return ()
    folder = GiteaFolder(decided.custom_dir)
    folder.check()
    where = Where.of(decided.public_url, decided.gitea_public_url, looking.spelled(client, decided.named_owners))
    return tuple(ChangeGiteaFile(folder, each) for each in folder.missing(where))


def _agree(steps: Iterable[Step], files: Files, *, asking: bool, overwrite: bool) -> None:
    """Ask before anything is done, and once more where somebody's own hand was at the configuration."""
    touched = any(isinstance(step, WriteConfig | CreateApplication) for step in steps)
    if touched and files.changed_by_hand() and not overwrite:
        sentence = f"{files.config} was changed by hand since `bridge init` wrote it (or was never written by it)"
        if not asking:
            raise ConflictError(f"{sentence}; --overwrite lets it change the keys named above and leaves the rest")
        click.confirm(f"{sentence}. Change the keys named above, and leave the rest?", abort=True)
    if asking:
        click.confirm("Do that?", default=True, abort=True)


def _outside(files: Files, decided: Answers, wait: float) -> Outside:
    def migrate() -> str:
        # Not for everybody on this machine to read; a proxy that sends files itself is let in through the group.
        load(files.config).bridge.data_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        parts = Parts(load(files.config))
        try:
            schema.upgrade(parts.engine)
            return str(schema.current(parts.engine))
        finally:
            parts.close()

    def running_bridge() -> BridgesOwn:
        return BridgesOwn(Parts(load(files.config)).open_session, utc_now, time.sleep)

    return Outside(migrate, lambda: listening(decided.bind, running_bridge), wait, lambda: secrets.token_hex(6))


def _show_what_follows(context: Context, decided: Answers, proxy: Proxy) -> None:
    words = " ".join(["bridge", *context.config_words, "serve"])
    click.secho(f"\nNow start it: {words}", bold=True)
    click.echo(f"And tell {proxy}, as root:\n")
    click.echo(instructions(proxy, decided))
