"""Accounts at payment providers: connected, mapped, set up, disconnected. Each change is audited with it."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from bridge.models import Package, PaymentAccount, PriceMap, WebhookSecret
from bridge.payments.provider import Endpoint, Price, Standing
from bridge.payments.vault import Vault
from bridge.rules.payments import policy as policies
from bridge.rules.payments.reports import MatchType, Why
from bridge.services.masters import Entropy
from bridge.storage import audits, payment_accounts, payment_events, purchase_facts
from bridge.storage.audits import Actor

OLD_SECRET_WORKS = timedelta(hours=24)

_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,29}", re.ASCII)
_PREFIXES: tuple[tuple[str, MatchType], ...] = (
    ("price_", "price"),
    ("prod_", "product"),
    ("plink_", "payment_link"),
    ("P-", "plan"),
)
# At PayPal everything else is a word of the seller's own: an item's SKU, or an order's custom_id.
_AT_PAYPAL: tuple[tuple[str, MatchType], ...] = (("P-", "plan"), ("PROD-", "product"), ("", "price"))
_MOST_MATCH = 255


def source_of(provider: str, mode: str, label: str) -> str:
    """The word by which purchases name an account: ``stripe``, ``stripe-test``, ``stripe-shop2``."""
    return "-".join(word for word in (provider, "test" if mode == "test" else "", label) if word)


def by_name(session: Any, owner_id: int, source: str) -> PaymentAccount:
    """The account of an owner. Raises ``NotFoundError``."""
    found = payment_accounts.by_source(session, owner_id, source)
    if found is None:
        raise NotFoundError(f"there is no account {source}; `bridge payments status` lists them")
    return found


def open_account(
    session: Any,
    owner_id: int,
    provider: str,
    standing: Standing,
    *,
    label: str,
    api_key: str,
    since: datetime | None,
    client_id: str = "",
    vault: Vault,
    entropy: Entropy,
    actor: Actor,
    now: datetime,
) -> PaymentAccount:
    """An account that takes deliveries from now on; one that was disconnected goes on with what it knew.

    ``since``: sales from then on are ours; ``None``: from now on. Raises ``InvalidInputError``, ``ConflictError``.
    """
    if label and _LABEL.fullmatch(label) is None:
        raise InvalidInputError("label", "a label is up to 30 small letters, digits and -, such as shop2")
    if label == "test" or label.startswith("test-"):
        raise InvalidInputError("label", "the mode is known by the key; choose a label without “test” before it")
    source = source_of(provider, standing.mode, label)
    row = payment_accounts.by_source(session, owner_id, source)
    if row is not None and row.status != "disabled":
        raise ConflictError(
            f"the account {source} is connected already; disconnect it first, or give another one a --label"
        )
    if row is not None and row.provider_ref and standing.account_ref not in {"", row.provider_ref}:
        raise ConflictError(f"{source} was another account of the provider before; give this one a --label")
    row = row or PaymentAccount(
        owner_id=owner_id,
        provider=provider,
        mode=standing.mode,
        label=label,
        source=source,
        endpoint="",
        created_at=now,
    )
    row.endpoint = entropy(16).hex()
    row.api_key, row.client_id = vault.close_up(api_key), client_id
    row.provider_ref = standing.account_ref or row.provider_ref
    row.status, row.last_error, row.last_error_at = "active", "", None
    row.bad_signatures = row.stale_signatures = 0
    row.sells_since = since or now
    row.polled_until = row.poll_at = row.sells_since
    row.sweep_at = now
    session.add(row)
    session.flush()
    _audit(session, row, "payments.connect", actor, now, {"source": source, "since": audits.iso(row.sells_since)})
    return row


def add_secret(
    session: Any, account: PaymentAccount, secret: str, vault: Vault, actor: Actor, now: datetime
) -> WebhookSecret:
    """A further webhook secret. The others go on for a day, as the provider signs with both meanwhile."""
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise InvalidInputError(
            "secret",
            "that is no webhook secret; the provider shows it beside the endpoint (whsec_…; PayPal: its Webhook ID)",
        )
    end = now + OLD_SECRET_WORKS
    for row in payment_accounts.secrets_of(session, account.id or 0):
        row.not_after = end if row.not_after is None else min(row.not_after, end)
        session.add(row)
    fresh = WebhookSecret(account_id=account.id or 0, secret=vault.close_up(secret), last4=secret[-4:], created_at=now)
    session.add(fresh)
    payment_accounts.drop_secrets(session, account.id or 0, ended_before=now)
    session.flush()
    _audit(session, account, "payments.secret", actor, now, {"last4": fresh.last4})
    return fresh


def remember_endpoint(session: Any, account: PaymentAccount, endpoint: Endpoint) -> None:
    """What the provider calls the place from which it delivers, and the version that it writes in."""
    account.webhook_ref, account.api_version = endpoint.ref, endpoint.api_version
    session.add(account)


def disconnect(session: Any, account: PaymentAccount, actor: Actor, now: datetime) -> None:
    """Take no more deliveries, and forget the secrets. Purchases and keys stay, and so does what was mapped."""
    account.status, account.api_key, account.webhook_ref = "disabled", "", ""
    payment_accounts.drop_secrets(session, account.id or 0)
    session.add(account)
    _audit(session, account, "payments.disconnect", actor, now, {"source": account.source})


def pause(session: Any, account: PaymentAccount, paused: bool, actor: Actor, now: datetime) -> None:
    """Answer that we are away, so that the provider tries again; or take deliveries again. Raises ``RefusedError``."""
    if account.status == "disabled":
        raise RefusedError("the account is disconnected; connect it again")
    account.status = "paused" if paused else "active"
    session.add(account)
    _audit(session, account, "payments.pause" if paused else "payments.resume", actor, now, {"source": account.source})


def set_policy(
    session: Any, account: PaymentAccount, stated: Iterable[tuple[str, str]], actor: Actor, now: datetime
) -> None:
    """Change what the seller decided; what is sold follows with its next event. Raises ``InvalidInputError``."""
    before, policy = dict(account.policy), dict(account.policy)
    for name, value in stated:
        try:
            policy[name] = policies.checked(name, value)
        except policies.InvalidPolicy as error:
            raise InvalidInputError(name, str(error)) from None
    account.policy = policy
    session.add(account)
    _audit(session, account, "payments.settings", actor, now, policy, before)


def match_type_of(value: str, provider: str = "stripe") -> MatchType:
    """What a name is the name of, by how it begins."""
    prefixes = _AT_PAYPAL if provider == "paypal" else _PREFIXES
    return next((match for prefix, match in prefixes if value.startswith(prefix)), "metadata")


def put_map(
    session: Any,
    account: PaymentAccount,
    value: str,
    package: Package,
    *,
    quantity_mode: str,
    price: Price | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Map a price, product, payment link, plan or word in metadata to a package; how many events are read again.

    Raises ``InvalidInputError``, ``RefusedError`` for a package of another owner, or a master package.
    """
    if not value or len(value) > _MOST_MATCH or not value.isprintable():
        raise InvalidInputError("match", "name a price, product, payment link or word, such as price_…")
    if package.owner_id != account.owner_id or package.is_master:
        raise RefusedError("only a package of the account's owner can be sold, and never the master package")
    row = PriceMap(
        account_id=account.id or 0,
        match_type=match_type_of(value, account.provider),
        match_value=value,
        package_id=package.id or 0,
        quantity_mode=quantity_mode,
    )
    if price is not None:
        row.recurring, row.amount_minor, row.currency = price.recurring, price.amount_minor, price.currency
        row.interval_unit, row.interval_count = price.interval_unit, price.interval_count
    payment_accounts.put_map(session, row)
    _audit(session, account, "payments.map", actor, now, {"match": value, "package": package.id})
    return redrive(session, account, now)


def drop_map(session: Any, account: PaymentAccount, value: str, actor: Actor, now: datetime) -> None:
    """Map it to nothing any more. What was sold stays. Raises ``NotFoundError``."""
    match_type = match_type_of(value, account.provider)
    if not payment_accounts.drop_map(session, account.id or 0, match_type, value):
        raise NotFoundError(f"{value} is not mapped; `bridge payments map` lists what is")
    _audit(session, account, "payments.unmap", actor, now, {"match": value})


def redrive(session: Any, account: PaymentAccount, now: datetime) -> int:
    """Read again what came to nothing since it was not mapped, whole or in part; how many events that are."""
    found = payment_events.again(session, now, account.id or 0, codes=(Why.UNMAPPED, Why.MISMATCH))
    refs = purchase_facts.refs_with_unmapped(session, account.owner_id, account.source)
    return found + payment_events.replay_last(session, now, account.id or 0, refs)


def reseal(session: Any, vault: Vault) -> int:
    """Close every secret with the key in force; how many there are."""
    count = 0
    for account in payment_accounts.all_of(session):
        if account.api_key:
            account.api_key, count = vault.rotated(account.api_key), count + 1
            session.add(account)
    for row in payment_accounts.all_secrets(session):
        row.secret, count = vault.rotated(row.secret), count + 1
        session.add(row)
    session.flush()
    return count


def _audit(
    session: Any,
    account: PaymentAccount,
    action: str,
    actor: Actor,
    now: datetime,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> None:
    subject = f"account:{account.id}"
    audits.record(session, actor, action, now, subject=subject, owner_id=account.owner_id, before=before, after=after)
