"""``bridge demo buy``: somebody buys in the running demo, by the link that a vendor puts on a page."""

import time
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import click
import requests

from bridge.cli.common import Context, pass_context
from bridge.cli.demo_mail import mails
from bridge.cli.demo_shop import OWNER
from bridge.errors import NotFoundError, UnavailableError
from bridge.models import LicenseKey, PaymentAccount
from bridge.rules.keys import held_because
from bridge.services import keys
from bridge.storage import catalog, licenses, payment_accounts, purchase_facts, purchases

_PATIENCE_SECONDS = 90
_JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is to be bought, and where."""

    account: PaymentAccount
    url: str
    price: str


@click.command()
@click.argument("package", default="Standard")
@click.option("--subscription", is_flag=True, help="Subscribe instead of buying once.")
@click.option("--refund", is_flag=True, help="Then give the money back: the key is revoked.")
@click.option("--dispute", is_flag=True, help="Then let the buyer contest the payment: the key is suspended.")
@click.option("--paypal", is_flag=True, help="Buy at the pretend PayPal instead of the pretend Stripe.")
@click.option("--email", default="ann@customers.example", show_default=True, help="Of the buyer.")
@click.option("--name", default="Ann Customer", show_default=True, help="Of the buyer.")
@pass_context
def buy(
    context: Context,
    package: str,
    subscription: bool,
    refund: bool,
    dispute: bool,
    paypal: bool,
    email: str,
    name: str,
) -> None:
    """Buy PACKAGE in the running demo, at the pretend Stripe or the pretend PayPal; print the mail with the key.

    Everything goes as with the real one: the bridge's own link begins the sale, the payment is made on the provider's
    page, signed events come to the front door, the worker makes the key and mails it. Name the demo's configuration:
    bridge -c var/demo/config.toml demo buy Standard
    """
    source = "paypal" if paypal else "stripe"
    offer = _offer(context, package, source, subscription=subscription)
    before = len(_mails(context))
    page = _begin(offer.url)
    try:
        paid = requests.post(page, data={"email": email, "name": name}, headers=_JSON, timeout=10).json()
    except (requests.RequestException, ValueError):
        called = context.parts.providers[source].label
        raise UnavailableError(f"the pretend {called} does not answer; is `make demo` running?") from None
    click.echo(f"Paid. The page after the purchase: {paid['thanks']}\n")
    _print(_awaited(lambda: _new_mail(context, before, email), "no mail came; `bridge mail queue` says why"))
    later = [word for word, wanted in (("refund", refund), ("dispute", dispute)) if wanted]
    for word in later:
        requests.post(page.replace("/pay/", f"/later/{word}/"), timeout=10).raise_for_status()
    if later:
        click.echo(_awaited(lambda: _held(context, offer.account, paid["sale"]), "the key did not change"))


def _offer(context: Context, package: str, source: str, *, subscription: bool) -> _Offer:
    with context.reading() as session:
        owner = catalog.owner_by_name(session, OWNER)
        account = payment_accounts.by_source(session, owner.id, source) if owner is not None else None
        if owner is None or account is None:
            raise NotFoundError("this is not the demo's configuration; write bridge -c var/demo/config.toml demo buy")
        found = licenses.package_by_name(session, owner.id, None, package)
        sold = payment_accounts.maps_of(session, account.id or 0)
    fits = [row for row in sold if found is not None and (row.package_id, row.recurring) == (found.id, subscription)]
    if not fits:
        raise NotFoundError(f"the demo does not sell {package!r} so; it sells Standard and Early Access")
    public = context.settings.bridge.public_url
    url = f"{public}/-/licensing/buy/{account.endpoint}/{fits[0].package_id}?price={fits[0].match_value}"
    return _Offer(account, url, fits[0].match_value)


def _begin(url: str) -> str:
    """Where to pay."""
    try:
        answer = requests.get(url, allow_redirects=False, timeout=15)
    except requests.RequestException:
        raise UnavailableError("the bridge of the demo does not answer; is `make demo` running?") from None
    if "Location" not in answer.headers:
        raise UnavailableError(f"the sale could not be begun ({answer.status_code}); is `make demo` running?")
    return answer.headers["Location"]


def _awaited(look: Any, otherwise: str) -> Any:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise UnavailableError(otherwise)


def _mails(context: Context) -> list[EmailMessage]:
    return mails(context.settings.bridge.data_dir / "mails")


def _new_mail(context: Context, before: int, email: str) -> EmailMessage | None:
    return next((each for each in _mails(context)[before:] if each["To"] == email), None)


def _print(mail: EmailMessage) -> None:
    part = mail.get_body(("plain",))
    text = part.get_content() if part is not None else ""
    click.echo(f"From: {mail['From']}\nTo: {mail['To']}\nSubject: {mail['Subject']}\n\n{text}", nl=False)


def _held(context: Context, account: PaymentAccount, sale: str) -> str:
    """What became of the key, once something did."""
    with context.reading() as session:
        opened = purchase_facts.purchase_of_sale(session, account.owner_id, account.source, sale)
        # PayPal's subscription is the sale itself; Stripe's was opened by one.
        found = opened[0] if opened else purchases.purchase_by_ref(session, account.owner_id, account.source, sale)
        slots = purchases.slots_of(session, found.id or 0) if found is not None else []
        for slot in slots:
            key = session.get_one(LicenseKey, slot.key_id)
            if key.payment_hold is not None:
                package = licenses.package_by_id(session, key.package_id)
                assert package is not None, "a key has one"
                state = keys.state_of(key, package, context.parts.clock())
                return f"The key is {state} now ({held_because(licenses.key_facts(key))}). A mail says so in a minute."
    return ""
