"""What the commands about payment accounts share, and ``bridge payments map``."""

from collections.abc import Iterable
from typing import Any

import click

from bridge.cli.common import Context, as_json, pass_context, show_rows
from bridge.errors import InvalidInputError, NotFoundError
from bridge.models import Owner, Package, PaymentAccount
from bridge.payments.provider import Access, Price
from bridge.rules.payments import money
from bridge.services import payment_access
from bridge.services import payment_accounts as accounts
from bridge.storage import catalog, licenses, payment_accounts

argument = click.argument("name", metavar="ACCOUNT")


def find_owner(session: Any, name: str) -> Owner:
    """An owner by name."""
    found = catalog.owner_by_name(session, name)
    if found is None:
        raise NotFoundError(f"the bridge does not know the owner {name}; it must have a served repo first")
    return found


def find(session: Any, name: str) -> PaymentAccount:
    """The account ``OWNER/SOURCE``."""
    owner, slash, source = name.partition("/")
    if not slash or not source:
        raise InvalidInputError("account", f"{name!r} is no account; write OWNER/SOURCE, for example acme/stripe")
    return accounts.by_name(session, find_owner(session, owner).id, source)


def access_to(context: Context, account: PaymentAccount) -> Access:
    """The way to the provider. Raises ``InvalidInputError`` where no key is stored."""
    found = payment_access.access_of(account, context.parts.vault)
    if not found.api_key:
        raise InvalidInputError("account", "the account has no API key, so the provider can't be asked")
    return found


@click.command("map")
@argument
@click.argument("value", metavar="[PRICE|PRODUCT|LINK|WORD]", required=False)
@click.argument("package", metavar="[PACKAGE]", required=False)
@click.option(
    "--quantity",
    type=click.Choice(["keys", "sites"]),
    help="What a quantity means: so many keys, or one key for so many times the package's sites.",
)
@click.option(
    "--price", "stated", default="", help="PayPal: what it costs once, e.g. “49.00 EUR”. Plans say it themselves."
)
@click.option("--remove", is_flag=True, help="Map it to nothing any more.")
@as_json
@pass_context
def map_(
    context: Context,
    name: str,
    value: str | None,
    package: str | None,
    quantity: str | None,
    stated: str,
    remove: bool,
    as_json: bool,
) -> None:
    """Show what the provider sells and which package that is; or map a price, product, payment link or word to one.

    PACKAGE is a number or a name. What came to nothing since it was not mapped is sold then. The provider's own
    metadata does as well: write licence_package=PACKAGE there at the price or the product.

    PayPal: a plan (P-…), a product (PROD-…), or a word of your own that orders carry as the SKU of an item or as their
    custom_id. Such a word needs a --price: whoever begins an order at PayPal may have set what is paid.
    """
    if value is None:
        _show(context, name, as_json=as_json)
        return
    with context.reading() as session:
        account = find(session, name)
    price = None if remove else context.parts.payment_sales.price_of(account, value, stated)
    with context.writing() as session:
        account = find(session, name)
        if remove:
            accounts.drop_map(session, account, value, context.actor, context.parts.clock())
            click.echo(f"{value} is not mapped any more.")
            return
        if package is None:
            raise InvalidInputError("package", "name the package too: bridge payments map ACCOUNT PRICE PACKAGE")
        found = _package(session, account, package)
        again = accounts.put_map(
            session,
            account,
            value,
            found,
            quantity_mode=quantity or "",
            price=price,
            actor=context.actor,
            now=context.parts.clock(),
        )
        click.echo(f"{value} is the package “{found.name}” (number {found.id}). Events that are read again: {again}.")


def _package(session: Any, account: PaymentAccount, text: str) -> Package:
    owned = licenses.packages_of(session, account.owner_id)
    fits = [each for each in owned if str(each.id) == text or each.name.casefold() == text.casefold()]
    if len(fits) != 1:
        reason = "several packages have that name; use a number" if fits else "there is no such package"
        raise NotFoundError(f"{reason}; `bridge package list` shows them")
    return fits[0]


def _show(context: Context, name: str, *, as_json: bool) -> None:
    with context.reading() as session:
        account = find(session, name)
        rows = {row.match_value: row for row in payment_accounts.maps_of(session, account.id or 0)}
        names = {each.id: each.name for each in licenses.packages_of(session, account.owner_id)}
    prices: Iterable[Price] = ()
    if account.api_key:
        prices = context.parts.providers[account.provider].prices(access_to(context, account))
    shown = [_of_price(each, rows, names) for each in prices]
    listed = {each["name"] for each in shown} | {each["product"] for each in shown}
    shown += [
        {
            "name": value,
            "costs": _amount(row.amount_minor, row.currency),
            "package": names.get(row.package_id, ""),
            "quantity": row.quantity_mode,
        }
        for value, row in rows.items()
        if value not in listed
    ]
    show_rows(
        shown,
        as_json=as_json,
        empty="Nothing is for sale there yet.",
        columns=("name", "product", "title", "costs", "package", "quantity"),
    )


def _of_price(price: Price, rows: dict[str, Any], names: dict[int | None, str]) -> dict[str, Any]:
    row = rows.get(price.ref) or rows.get(price.product_ref)
    every = f" every {price.interval_count} {price.interval_unit}" if price.recurring else ""
    return {
        "name": price.ref,
        "product": price.product_ref,
        "title": price.name,
        "costs": _amount(price.amount_minor, price.currency) + every,
        "package": names.get(row.package_id, "") if row is not None else "",
        "quantity": row.quantity_mode if row is not None else "",
    }


def _amount(minor: int | None, currency: str) -> str:
    return f"{money.text(money.Money(minor, currency))} {currency}" if minor is not None and currency else ""
