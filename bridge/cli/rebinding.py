"""``bridge repo rebind``: what is remembered of a repo goes over to the one that took its place."""

from typing import Any

import click

from bridge.cli.common import Context, pass_context, split_path
from bridge.errors import InvalidInputError, NotFoundError, RefusedError
from bridge.models import Repo
from bridge.services import rebinding
from bridge.services.rebinding import Wanted
from bridge.storage import rebinds
from gitea_client.errors import NotFound


@click.command()
@click.argument("old_id", type=click.IntRange(1))
@click.argument("path", metavar="OWNER/REPO")
@click.option(
    "--with-owner", is_flag=True, help="The owner was made anew too: its packages, keys and customers go over."
)
@click.option(
    "--merge", is_flag=True, help="Also where the new repo has packages of its own; both sets are there then."
)
@click.option(
    "--moved", is_flag=True, help="Gitea itself is another one now: what has the id OLD_ID there is not asked."
)
@pass_context
def rebind(context: Context, old_id: int, path: str, with_owner: bool, merge: bool, moved: bool) -> None:
    """Put all that the bridge remembers of the repo OLD_ID under the repo that is now at OWNER/REPO.

    For a repo that was deleted and made anew, or a Gitea that moved: Gitea gave it another id, and to the bridge it is
    another repo. Its own packages, their keys and sites, machine tokens, counts, addresses and withdrawn releases go
    over, in one transaction, which the audit trail tells of. Keys of the owner's packages open the new repo as they
    open all of the owner's; where the owner was made anew too, say --with-owner.

    `bridge repo list --all --json` shows the ids that the bridge knows. Renames and transfers need none of this.
    """
    gitea, parts = context.parts.gitea, context.parts
    try:
        found = gitea.repo(*split_path(path))
    except NotFound:
        raise NotFoundError(f"Gitea has no repo {path}, or the bridge's token can't see it") from None
    if not context.settings.serves(found.owner.login):
        message = f"{found.owner.login} is not served; add it to bridge.owners in the configuration"
        raise InvalidInputError("owner", message)
    with context.reading() as session:
        rebinding.old_repo(session, old_id)
    if found.id == old_id:
        raise RefusedError(f"{path} still has the id {old_id}; there is nothing to do")
    _note_that_it_is_gone(context, old_id, moved=moved, with_owner=with_owner)
    parts.catalog.refresh(found.id)
    with context.writing() as session:
        if session.get(Repo, found.id) is None:
            raise RefusedError(
                f"{found.full_name} is not taken for the former owner's: the name was another owner's, of whom the"
                " bridge still knows repos; see the log, and say --with-owner if the whole owner was made anew"
            )
        wanted = Wanted(old_id, found.id, merge=merge, with_owner=with_owner)
        done = rebinding.rebind(session, wanted, context.actor, parts.clock())
    parts.catalog.refresh(found.id)
    names = f" ({', '.join(done.packages)})" if done.packages else ""
    click.echo(
        f"{found.full_name} is now what repo {old_id} was: {len(done.packages)} packages{names}, {done.keys} keys."
    )
    if done.stayed:
        click.echo(f"With the former owner stayed: {', '.join(done.stayed)}.")
    if done.unsold:
        click.echo(
            f"The former owner's payment accounts stayed too, and sell nothing any more by: {', '.join(done.unsold)}."
            " Map that at an account of the new owner, and sell it there."
        )


def _note_that_it_is_gone(context: Context, old_id: int, *, moved: bool, with_owner: bool) -> None:
    if not moved:
        if context.parts.catalog.refresh(old_id).digest != "absent":
            raise RefusedError(
                f"Gitea still has a repo with the id {old_id}, and the bridge follows it by itself; if this is another"
                " Gitea than the one that the bridge knew, say --moved"
            )
        if not with_owner:
            return
    with context.writing() as session:
        old: Any = rebinding.old_repo(session, old_id)
        rebinds.note_gone(session, old.owner_id if with_owner else None, old_id, context.parts.clock())
