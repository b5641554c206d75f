"""``bridge token``: what machines come in with. They are made over the API, by a person whose rights they have."""

from typing import Any

import click

from bridge.cli.common import Context, as_json, find_level, iso, pass_context, show_rows
from bridge.errors import NotFoundError
from bridge.models import MachineToken, Repo
from bridge.rules.machine_tokens import State
from bridge.services import machine_tokens
from bridge.storage import tokens

_COLUMNS = ("id", "level", "name", "hint", "scopes", "state", "made_by", "expires_at", "last_used_at")
# Row numbers have 32 bits; PostgreSQL refuses a larger number instead of finding nothing.
_NUMBER = click.IntRange(1, 2**31 - 1)


@click.group()
def token() -> None:
    """Show and revoke the tokens of machines."""


@token.command("list")
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.option(
    "--state", type=click.Choice([str(each) for each in State]), help="Only those; without it all but the revoked."
)
@as_json
@pass_context
def list_(context: Context, target: str, state: str | None, as_json: bool) -> None:
    """List the tokens that work at an owner and its repos, or at one repo. The tokens themselves are stored nowhere."""
    now = context.parts.clock()
    with context.reading() as session:
        owner, repo = find_level(session, target)
        wanted = State(state) if state else None
        found = tokens.page(session, owner.id, repo.id if repo else None, wanted, now, with_owners=True)[1]
        rows = [_row(session, each, owner.name, tokens.state_of(each, now)) for each in found]
    show_rows(rows, as_json=as_json, empty="There is no such token; they are made over the API.", columns=_COLUMNS)


@token.command()
@click.argument("token_id", metavar="ID", type=_NUMBER)
@pass_context
def revoke(context: Context, token_id: int) -> None:
    """Revoke the token with the number ID, at once and for good; `bridge token list` shows the numbers."""
    with context.writing() as session:
        found = tokens.by_id(session, token_id)
        if found is None:
            raise NotFoundError(f"there is no token number {token_id}; `bridge token list OWNER` shows them")
        ended = machine_tokens.revoke(session, found, context.actor, context.parts.clock())
    click.echo(f"Revoked: {found.name}, …{found.hint}." if ended else "It was revoked before.")


def _row(session: Any, row: MachineToken, owner: str, state: State) -> dict[str, Any]:
    repo = session.get(Repo, row.repo_id) if row.repo_id is not None else None
    return {
        "id": row.id,
        "level": f"{owner}/{repo.name}" if repo is not None else owner,
        "name": row.name,
        "hint": f"…{row.hint}",
        "scopes": row.scopes,
        "state": str(state),
        "made_by": row.maker_login,
        "created_at": iso(row.created_at),
        "expires_at": iso(row.expires_at),
        "last_used_at": iso(row.last_used_at),
        "revoked_at": iso(row.revoked_at),
    }
