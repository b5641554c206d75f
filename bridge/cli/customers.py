"""``bridge customer``: who holds keys, what is stored about them, and how they are forgotten."""

from typing import IO, Any

import click

from bridge.cli.common import Context, as_json, find_level, iso, key_number, pass_context, show_rows
from bridge.errors import NotFoundError, RefusedError
from bridge.models import Customer
from bridge.services import customer_export, erasing
from bridge.storage import catalog, customer_search, customers, erasures
from bridge.storage.customer_search import Reach, Window

_COLUMNS = ("id", "name", "email", "keys", "since")


@click.group()
def customer() -> None:
    """List customers, write down what is stored about one, forget one. CUSTOMER is a mail address or a number."""


@customer.command("list")
@click.argument("target", metavar="OWNER|OWNER/REPO")
@click.option("--q", "words", default="", help="How a name, one of its words, or a mail address begins.")
@click.option("--page", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="Which page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="So many a page.")
@as_json
@pass_context
def list_(context: Context, target: str, words: str, page: int, limit: int, as_json: bool) -> None:
    """List the customers of an owner, or those who have keys of a repo's own packages, by name."""
    with context.reading() as session:
        owner, repo = find_level(session, target)
        packages = customer_search.own_packages(session, repo.id) if repo else None
        reach = Reach(owner.id, packages, finds_by_mail=True)
        window = Window("customer", limit, (page - 1) * limit)
        found = customer_search.page_of_customers(session, reach, words, window).customers
        rows = [_row(session, each, packages) for each in found]
    show_rows(
        rows, as_json=as_json, empty="No customer matches. Keys without a mail address are nobody's.", columns=_COLUMNS
    )


@customer.command()
@click.argument("owner", metavar="OWNER")
@click.argument("text", metavar="CUSTOMER")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    help="Instead of the screen.",
)
@pass_context
def export(context: Context, owner: str, text: str, file: IO[str]) -> None:
    """Write everything that is stored about a customer, as JSON."""
    now = context.parts.clock()
    with context.writing() as session:
        customer_export.note(session, _find(session, owner, text), context.actor, now)
    with context.reading() as session:
        customer_export.write(session, _find(session, owner, text), file, now)


@customer.command()
@click.argument("owner", metavar="OWNER")
@click.argument("text", metavar="CUSTOMER")
@click.option(
    "--domains", is_flag=True, help="Forget sites and assigned domains too; the keys then work on any domain."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def erase(context: Context, owner: str, text: str, domains: bool, yes: bool) -> None:
    """Forget a customer for good: out of keys, counts and the audit trail. The keys go on without a name."""
    with context.reading() as session:
        found = _find(session, owner, text)
    if not yes and not click.confirm(f"Forget {found.name or 'the customer'} <{found.email}> for good?", err=True):
        raise RefusedError("nothing was forgotten")
    with context.writing() as session:
        now = context.parts.clock()
        gone = erasing.erase(session, _find(session, owner, text), domains=domains, actor=context.actor, now=now)
    erasures.empty_log(context.parts.engine)
    click.echo(
        f"Forgotten. {gone.keys} keys go on without a name; {gone.audit_rows} rows of the audit trail were blurred."
        " Backups that were made before still hold what was forgotten."
    )


def _find(session: Any, owner_name: str, text: str) -> Customer:
    owner = catalog.owner_by_name(session, owner_name)
    if owner is None:
        raise NotFoundError(f"the bridge does not know the owner {owner_name}; it must have a served repo first")
    number = key_number(text)
    found: Customer | None = session.get(Customer, number) if number is not None else None
    if number is None and text.isprintable():
        found = customers.by_mail(session, owner.id, text)
    if found is None or found.owner_id != owner.id:
        raise NotFoundError(
            f"{owner_name} has no customer {text[:80]!r}; `bridge customer list {owner_name}` shows them"
        )
    return found


def _row(session: Any, found: Customer, packages: Any) -> dict[str, Any]:
    total, _ = customer_search.first_keys(session, found.id or 0, packages, 0)
    return {"id": found.id, "name": found.name, "email": found.email, "keys": total, "since": iso(found.created_at)}
