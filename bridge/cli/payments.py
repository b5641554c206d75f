"""``bridge payments``: accounts at payment providers; what they told, what it did, and what a person must decide."""

from typing import Any

import click

from bridge.cli import payments_account, payments_attention, payments_connect, payments_events
from bridge.cli.common import Context, as_json, iso, pass_context, show_rows
from bridge.models import Owner, PaymentAccount
from bridge.services import payment_accounts as accounts
from bridge.storage import payment_accounts, payment_events

_COLUMNS = (
    "account",
    "status",
    "key",
    "version",
    "last_delivery",
    "waiting",
    "failed",
    "refused",
    "stale",
    "last_error",
)


@click.group()
def payments() -> None:
    """Sell through payment providers. An account is named OWNER/SOURCE, e.g. acme/stripe or acme/stripe-test."""


@payments.command()
@click.argument("owner", metavar="[OWNER]", required=False)
@as_json
@pass_context
def status(context: Context, owner: str | None, as_json: bool) -> None:
    """List the accounts, and how they are: deliveries, what waits, what failed, signatures that were refused.

    Below stands against what this program was tried for each provider.
    """
    with context.reading() as session:
        owner_id = payments_account.find_owner(session, owner).id if owner else None
        rows = [_row(session, each, context) for each in payment_accounts.all_of(session, owner_id)]
    if rows and not as_json and not context.settings.mail.is_on:
        click.echo("Keys are not mailed: mail.host is not set. Buyers see them on the page after the purchase only.")
    show_rows(rows, as_json=as_json, empty="No account yet; `bridge payments connect` makes one.", columns=_COLUMNS)
    for name in sorted({row["provider"] for row in rows}) if not as_json else ():
        provider = context.parts.providers[name]
        click.echo(f"{provider.label}: this program was tried {provider.tried}.")


def _row(session: Any, account: PaymentAccount, context: Context) -> dict[str, Any]:
    counts = payment_events.counts(session, account.id or 0)
    url = f"{context.settings.bridge.public_url}/-/licensing"
    return {
        "account": f"{session.get_one(Owner, account.owner_id).name}/{account.source}",
        "provider": account.provider,
        "status": account.status,
        "key": "stored" if account.api_key else "none",
        "version": account.api_version,
        "last_delivery": iso(payment_events.last_received(session, account.id or 0)),
        "waiting": counts.get("new", 0) + counts.get("leased", 0),
        "failed": counts.get("failed", 0) + counts.get("dead", 0),
        "refused": account.bad_signatures,
        "stale": account.stale_signatures,
        "last_error": account.last_error,
        "last_error_at": iso(account.last_error_at),
        "ignored": counts.get("ignored", 0),
        "processed": counts.get("processed", 0),
        "sells_since": iso(account.sells_since),
        "polled_until": iso(account.polled_until),
        "settings": account.policy,
        "address": f"{url}/hooks/{account.provider}/{account.endpoint}",
        "buy": f"{url}/buy/{account.endpoint}/PACKAGE",
        "tried": context.parts.providers[account.provider].tried,
    }


@payments.command("set")
@payments_account.argument
@click.argument("settings", metavar="NAME=VALUE...", nargs=-1, required=True)
@pass_context
def set_(context: Context, name: str, settings: tuple[str, ...]) -> None:
    """Change what money means, e.g. grace_days=7 partial_refund=revoke.

    \b
    grace_days      days that a key works on while a charge is tried again (7)
    leeway_hours    hours that a charge may take after the end of a period (72)
    partial_refund  ignore, prorate or revoke (ignore)
    dispute_open    suspend or ignore (suspend)
    cancel_now      keep_paid_period or immediate (keep_paid_period)
    quantity_mode   keys, sites, or empty: keys for a sale, sites for a subscription
    unmapped        ignore, or review: a person looks at sales of which a part is no package
    tolerance_s     seconds that a delivery may be old, up to 900 (600)
    reveal_hours    hours for which the page after a sale shows the key (72)
    verify_mode     PayPal's signatures: local, both (PayPal is asked too), or postback (PayPal alone) (local)
    notify          mail address that is told what needs a person; empty: the seller's
    """  # noqa: D301  click's mark for lines that stay
    stated = [each.partition("=") for each in settings]
    with context.writing() as session:
        account = payments_account.find(session, name)
        pairs = [(word, value) for word, _, value in stated]
        accounts.set_policy(session, account, pairs, context.actor, context.parts.clock())
    click.echo("Changed. What is sold already follows when its next event is read.")


@payments.command("rotate-key")
@pass_context
def rotate_key(context: Context) -> None:
    """Put a new key into payments.key_file, and close all stored secrets with it."""
    vault = context.parts.vault
    vault.add_key()
    with context.writing() as session:
        count = accounts.reseal(session, vault)
    vault.drop_old_keys()
    click.echo(f"{count} secrets are closed with the new key; keep a copy of {context.settings.payment_key_file}.")


for command in (
    payments_connect.connect,
    payments_connect.disconnect,
    payments_connect.secret,
    payments_connect.pause,
    payments_connect.resume,
    payments_account.map_,
    payments_events.events,
    payments_events.replay,
    payments_events.check,
    payments_attention.attention,
    payments_attention.bind,
    payments_attention.accept,
):
    payments.add_command(command)
