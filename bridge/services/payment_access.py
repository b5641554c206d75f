"""How an account is reached, with its secrets opened: for the moment of one call, never kept in a row or a log."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge.models import PaymentAccount
from bridge.payments.provider import Access, Sign
from bridge.payments.vault import Vault
from bridge.rules.payments import policy as policies
from bridge.storage import payment_accounts


def access_of(account: PaymentAccount, vault: Vault, secrets: Sequence[str] = ()) -> Access:
    """The way to the provider. Raises ``SettingsError`` where the key file does not open the secrets.

    ``secrets``: those that a delivery may be signed with, where one is to be proven.
    """
    return Access(
        mode=account.mode,
        api_key=vault.open_up(account.api_key),
        client_id=account.client_id,
        webhook_ref=account.webhook_ref,
        api_version=account.api_version,
        account_ref=account.provider_ref,
        secrets=secrets,
        verify=policy_of(account).verify_mode,
    )


def policy_of(account: PaymentAccount) -> policies.Policy:
    """What the seller decided."""
    provider: policies.Provider = "paypal" if account.provider == "paypal" else "stripe"
    return policies.from_settings(provider, account.policy, test=account.mode == "test")


def secrets_of(session: Any, account: PaymentAccount, vault: Vault) -> list[tuple[str, datetime | None]]:
    """The webhook secrets, each with its end."""
    rows = payment_accounts.secrets_of(session, account.id or 0)
    return [(vault.open_up(row.secret), row.not_after) for row in rows]


def sign_of(secrets: list[tuple[str, datetime | None]], tolerance: timedelta, mode: str, now: datetime) -> Sign:
    """With what a delivery of this moment is judged: with the secrets that have not ended."""
    return Sign([secret for secret, end in secrets if end is None or end > now], now, tolerance, mode)
