"""``bridge payments attention``: what a person must decide; and two of the choices, ``bind`` and ``accept``."""

import click

from bridge.cli import payments_account
from bridge.cli.common import Context, as_json, find_key, pass_context, show_rows
from bridge.errors import InvalidInputError
from bridge.services import payment_attention, payment_earlier
from bridge.services import purchases as sold
from bridge.storage import payment_accounts


@click.command()
@click.argument("owner")
@as_json
@pass_context
def attention(context: Context, owner: str, as_json: bool) -> None:
    """List what needs a person, with the choices: failed events, sales of nothing known, refused signatures."""
    rows = []
    with context.reading() as session:
        owner_row = payments_account.find_owner(session, owner)
        for account in payment_accounts.all_of(session, owner_row.id):
            name = f"{owner}/{account.source}"
            for matter in payment_attention.matters(session, account, name, context.parts.clock()):
                choices = "; or ".join(matter.choices)
                rows.append({"account": name, "about": matter.about, "what": matter.what, "choices": choices})
    show_rows(rows, as_json=as_json, empty="Nothing needs you.")


@click.command()
@payments_account.argument
@click.argument("ref", metavar="REF")
@click.argument("key", metavar="KEY")
@pass_context
def bind(context: Context, name: str, ref: str, key: str) -> None:
    """Bind a key that is there to a subscription or sale (REF): what is paid there extends it, and makes no other."""
    with context.writing() as session:
        account = payments_account.find(session, name)
        found = find_key(context, session, key)
        if found.owner_id != account.owner_id:
            raise InvalidInputError("key", "the key is another owner's")
        sold.adopt(session, found, account.source, ref, context.issuer, subscription=payment_earlier.renews(ref))
        payment_earlier.read_again(session, account, ref, context.parts.clock())
    click.echo(f"Key #{found.id} is the one of {ref}.")


@click.command()
@payments_account.argument
@click.argument("ref", metavar="REF")
@pass_context
def accept(context: Context, name: str, ref: str) -> None:
    """Issue keys for a sale (REF) that was made before the account was connected."""
    with context.writing() as session:
        account = payments_account.find(session, name)
        payment_earlier.accept(session, account, ref, context.actor, context.parts.clock())
    click.echo(
        f"{ref} is read within a second, as the worker runs; `bridge payments events {name}` shows what came of it."
    )
