"""``bridge payments connect`` and what ends or renews a connection."""

from datetime import datetime
from pathlib import Path

import click

from bridge.cli import payments_account
from bridge.cli.common import Context, iso, pass_context, read_moment
from bridge.errors import BridgeError, InvalidInputError
from bridge.models import PaymentAccount
from bridge.payments.provider import Access, NoAccessError, ProviderAwayError, Standing
from bridge.services import payment_accounts as accounts
from bridge.services import payment_trial

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("provider", type=click.Choice(["stripe", "paypal"]))
@click.option("--owner", required=True, help="Whose sales these are: an organisation or account of Gitea.")
@click.option("--api-key-file", type=_FILE, help="File with Stripe's key or PayPal's secret; else you are asked.")
@click.option("--client-id", default="", help="PayPal: the client id of the app.")
@click.option("--merchant-id", default="", help="PayPal: whose account it is, where PayPal does not tell by itself.")
@click.option("--no-api-key", is_flag=True, help="Store none: what is pushed is all there is. See docs/payments.md.")
@click.option("--test", is_flag=True, help="Test mode (PayPal: the sandbox), where the key does not say so.")
@click.option("--label", default="", help="For a further account of the same provider and mode, e.g. shop2.")
@click.option("--since", metavar="DATE", help="Also issue keys for sales from this date on. Without it: from now on.")
@pass_context
def connect(
    context: Context,
    provider: str,
    owner: str,
    api_key_file: Path | None,
    client_id: str,
    merchant_id: str,
    no_api_key: bool,
    test: bool,
    label: str,
    since: str | None,
) -> None:
    """Connect an account: try the key, make the provider's endpoint, store secrets encrypted, try a delivery.

    PayPal: the client id and secret of an app of yours at developer.paypal.com. Whether they are live or the sandbox's
    is found out.

    Stripe: a restricted key will do. It has to read Checkout Sessions, Prices, Products, Customers, PaymentIntents,
    Charges, Refunds, Disputes, Invoices, Subscriptions and Events, and to write Webhook Endpoints; to write Checkout
    Sessions too, if sales shall begin at the bridge's own address.

    Test mode makes an account of its own, whose license keys work only where bridge.allow_test_keys is set.
    """
    if provider == "paypal" and (no_api_key or not client_id):
        raise InvalidInputError("client_id", "PayPal wants --client-id and a secret: what it tells must be fetched")
    api_key = "" if no_api_key else _secret(api_key_file, "Client secret" if provider == "paypal" else "API key")
    beginning = read_moment(since)
    standing = Standing(mode="test" if test else "live")
    if api_key:
        access = Access("test" if test else "", api_key, client_id=client_id, account_ref=merchant_id)
        standing = context.parts.providers[provider].standing(access)
    with context.writing() as session:
        account = accounts.open_account(
            session,
            payments_account.find_owner(session, owner).id,
            provider,
            standing,
            label=label,
            api_key=api_key,
            client_id=client_id,
            since=beginning,
            vault=context.parts.vault,
            entropy=context.parts.entropy,
            actor=context.actor,
            now=context.parts.clock(),
        )
    name = f"{owner}/{account.source}"
    click.echo(
        f"{name} is connected, in {standing.mode} mode. Sales from {iso(account.sells_since)} on are issued keys."
    )
    _say_what_is_missing(standing)
    if _make_endpoint(context, account, name):
        _try(context, name)
    _list_unknown(context, name)


def _make_endpoint(context: Context, account: PaymentAccount, name: str) -> bool:
    entrance, url = context.parts.providers[account.provider], _address(context, account)
    try:
        endpoint = entrance.connect(payments_account.access_to(context, account), url)
    except (NoAccessError, InvalidInputError, ProviderAwayError) as error:
        click.echo(f"The endpoint could not be made ({error}). Make it by hand, at the provider:")
        click.echo(f"  address  {url}\n  version  {entrance.api_version}\n  events   {', '.join(entrance.events)}")
        click.echo(f"Then store its secret (of PayPal: its Webhook ID): bridge payments secret {name}")
        return False
    with context.writing() as session:
        row = payments_account.find(session, name)
        accounts.remember_endpoint(session, row, endpoint)
        accounts.add_secret(session, row, endpoint.secret, context.parts.vault, context.actor, context.parts.clock())
    click.echo(f"Deliveries come to {url} from now on.")
    return True


def _say_what_is_missing(standing: Standing) -> None:
    if standing.lacks:
        click.echo(f"The key can't read: {', '.join(standing.lacks)}. Allow that at the provider; it works at once.")


def _try(context: Context, name: str) -> None:
    """Deliver something to ourselves, from outside, as the provider will."""
    with context.reading() as session:
        account = payments_account.find(session, name)
    problem = payment_trial.deliver(
        context.parts.open_session,
        context.parts.providers[account.provider],
        context.parts.vault,
        account.id or 0,
        _address(context, account),
        context.parts.clock(),
    )
    click.echo(f"A trial delivery did not arrive: {problem}" if problem else "A trial delivery arrived.")


def _list_unknown(context: Context, name: str) -> None:
    """Subscriptions that were there before, and no key is bound to."""
    with context.reading() as session:
        account = payments_account.find(session, name)
        if not account.api_key:
            return
    running = context.parts.providers[account.provider].running(payments_account.access_to(context, account))
    try:
        with context.reading() as session:
            found = [each for each in running if payment_trial.is_unknown(session, account, each)]
    except BridgeError as error:
        click.echo(f"The subscriptions could not be listed: {error}")
        return
    if not found:
        return
    click.echo(f"{len(found)} subscriptions go on there that no key knows:")
    for each in found:
        click.echo(f"  {each.ref}  {each.status}  since {_day(each.created)}  {each.email}")
    click.echo(f"Bind a key to one (bridge payments bind {name} REF KEY) or have keys made (bridge payments accept).")


@click.command()
@payments_account.argument
@click.option("--yes", is_flag=True, help="Don't ask.")
@pass_context
def disconnect(context: Context, name: str, yes: bool) -> None:
    """Take no more deliveries, and forget the secrets. Purchases, keys and the map stay; connecting again goes on."""
    with context.reading() as session:
        account = payments_account.find(session, name)
    if not yes:
        click.confirm(f"Renewals and refunds of {name} will not be heard of any more. Disconnect it?", abort=True)
    if account.api_key:
        try:
            context.parts.providers[account.provider].disconnect(payments_account.access_to(context, account))
        except BridgeError as error:
            click.echo(f"The provider's endpoint stays ({error}); remove it there by hand.")
    with context.writing() as session:
        accounts.disconnect(session, payments_account.find(session, name), context.actor, context.parts.clock())
    click.echo(f"{name} is disconnected.")


@click.command()
@payments_account.argument
@click.option("--secret-file", type=_FILE, help="File with the webhook secret; without it you are asked.")
@pass_context
def secret(context: Context, name: str, secret_file: Path | None) -> None:
    """Store a new webhook secret, after it was renewed at the provider. The old one works for 24 hours more."""
    told = _secret(secret_file, "Webhook secret")
    with context.writing() as session:
        account = payments_account.find(session, name)
        row = accounts.add_secret(session, account, told, context.parts.vault, context.actor, context.parts.clock())
    click.echo(f"Stored, …{row.last4}.")
    _try(context, name)


@click.command()
@payments_account.argument
@pass_context
def pause(context: Context, name: str) -> None:
    """Answer the provider that we are away; it tries again for three days."""
    _pause(context, name, paused=True)


@click.command()
@payments_account.argument
@pass_context
def resume(context: Context, name: str) -> None:
    """Take deliveries again."""
    _pause(context, name, paused=False)


def _pause(context: Context, name: str, *, paused: bool) -> None:
    with context.writing() as session:
        account = payments_account.find(session, name)
        accounts.pause(session, account, paused, context.actor, context.parts.clock())
    click.echo(f"{name} is {'paused' if paused else 'active'}.")


def _address(context: Context, account: PaymentAccount) -> str:
    return f"{context.settings.bridge.public_url}/-/licensing/hooks/{account.provider}/{account.endpoint}"


def _secret(file: Path | None, what: str) -> str:
    """A secret from a file, or typed unseen by a person: never from the command line, which others can read."""
    told = file.read_text(encoding="utf-8").strip() if file else str(click.prompt(what, hide_input=True)).strip()
    if not told:
        raise InvalidInputError("secret", f"{what}: nothing was given")
    return told


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
