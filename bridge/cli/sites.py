"""``bridge site``: the domains that use a key."""

import click

from bridge.cli.common import Context, as_json, find_key, iso, pass_context, show_rows
from bridge.errors import InvalidInputError
from bridge.rules.domains import normalize_host
from bridge.rules.hosts import InvalidDomain
from bridge.services import sites
from bridge.storage.sites import live_sites


@click.group()
def site() -> None:
    """Show and free the sites of a key."""


@site.command("list")
@click.argument("key", metavar="KEY")
@as_json
@pass_context
def list_(context: Context, key: str, as_json: bool) -> None:
    """List the sites that use KEY."""
    with context.reading() as session:
        found = find_key(context, session, key)
        rows = [
            {
                "site": each.host,
                "kind": each.kind,
                "counts": each.slot is not None,
                "first_seen": iso(each.first_seen_at),
                "last_seen": iso(each.last_seen_at),
            }
            for each in live_sites(session, found.id or 0)
        ]
    show_rows(rows, as_json=as_json, empty="No site has stated its domain with this key yet; stock Joomla never does.")


@site.command()
@click.argument("key", metavar="KEY")
@click.argument("domain")
@pass_context
def free(context: Context, key: str, domain: str) -> None:
    """Free the slot of DOMAIN, so that another site can use KEY."""
    try:
        host = normalize_host(domain)
    except InvalidDomain as error:
        raise InvalidInputError("domain", f"{domain!r} is not a domain: {error}") from None
    with context.writing() as session:
        freed = sites.free(session, find_key(context, session, key), host, context.actor, context.parts.clock())
    click.echo(f"Freed: {', '.join(freed)}.")
