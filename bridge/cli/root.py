"""The ``bridge`` command itself, and how errors end it."""

import importlib
import logging
import sys
from pathlib import Path

import click

from bridge import errors
from bridge.cli.common import Context
from bridge.cli.exits import EXIT_INVALID, EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_SETTINGS, EXIT_UNAVAILABLE
from gitea_client.errors import GiteaError, NotAllowed, NotAuthenticated

_EXITS: tuple[tuple[type[Exception], int], ...] = (
    (errors.SettingsError, EXIT_SETTINGS),
    (errors.DatabaseOutdatedError, EXIT_SETTINGS),
    (errors.InvalidInputError, EXIT_INVALID),
    (errors.NotFoundError, EXIT_NOT_FOUND),
    (errors.RefusedError, EXIT_REFUSED),
    (errors.ConflictError, EXIT_REFUSED),
    (errors.UnavailableError, EXIT_UNAVAILABLE),
    (NotAuthenticated, EXIT_SETTINGS),
    (NotAllowed, EXIT_SETTINGS),
    (GiteaError, EXIT_UNAVAILABLE),
)


# Where each command stands. It is imported when it is called: a web worker carries none of the others, and `bridge`
# answers sooner.
_COMMANDS = {
    "init": "init:init",
    "uninstall": "uninstall:uninstall",
    "serve": "serving:serve",
    "web": "web_server:web",
    "worker": "serving:worker",
    "db": "database:db",
    "backup": "backups:backup",
    "restore": "backups:restore",
    "repo": "repos:repo",
    "package": "packages:package",
    "key": "keys:key",
    "site": "sites:site",
    "customer": "customers:customer",
    "token": "tokens:token",
    "payments": "payments:payments",
    "mail": "mail:mail",
    "explain": "explain:explain",
    "doctor": "doctor:doctor",
    "stats": "stats:stats",
    "demo": "demo:demo",
}


class _Commands(click.Group):
    """The commands of ``_COMMANDS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own name
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(f"bridge.cli.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"max_content_width": 110})
@click.option(
    "-c", "--config", type=click.Path(path_type=Path, dir_okay=False), help="Configuration file (default: config.toml)."
)
@click.version_option(package_name="gitea-license-bridge")
@click.pass_context
def bridge(context: click.Context, config: Path | None) -> None:
    """Turn the releases of a Gitea into a licensed update server for Joomla and Dolibarr extensions.

    Start with `bridge init`, which asks a few questions, then `bridge serve`. See what is served with
    `bridge repo list`, sell with `bridge package create` and `bridge key issue`, and ask `bridge explain` whenever a
    customer says that it does not work. Every command that lists takes --json.

    Exit codes: 0 done, 2 invalid input, 3 not found, 4 refused, 5 Gitea or database away, 6 configuration, 7 something
    is left for you to do (`bridge init`, `bridge doctor`).
    """
    context.obj = Context(config)
    context.call_on_close(context.obj.close)


def main() -> None:
    """Run the command; a known error ends it with a sentence and its exit code."""
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    try:
        bridge.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (errors.BridgeError, GiteaError) as error:
        click.secho("Error: ", fg="red", nl=False, err=True)
        click.echo(_sentence(error), err=True)
        sys.exit(next(code for kind, code in _EXITS if isinstance(error, kind)))


def _sentence(error: Exception) -> str:
    if isinstance(error, NotAuthenticated | NotAllowed):
        return f"Gitea refuses the bridge's token: {error}. Check gitea.token in the configuration, and its scopes."
    if isinstance(error, GiteaError):
        return f"Gitea did not answer as it should: {error}. Is gitea.url right, and is it running?"
    return str(error)
