"""Tries an account out as its provider will use it: a delivery that means nothing, to the public address."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import requests

from bridge.models import PaymentAccount
from bridge.payments.provider import Provider, Running
from bridge.payments.vault import Vault
from bridge.services import payment_access
from bridge.storage import payment_events, purchases

_PATIENCE = (3.05, 10)


def deliver(
    open_session: Callable[..., AbstractContextManager[Any]],
    provider: Provider,
    vault: Vault,
    account_id: int,
    url: str,
    now: datetime,
) -> str:
    """Send one; what is wrong, in a sentence, or "" where it arrived and is in the inbox."""
    with open_session(read_only=True) as session:
        account = session.get_one(PaymentAccount, account_id)
        secrets, mode = payment_access.secrets_of(session, account, vault), account.mode
    if not secrets:
        return "no webhook secret is stored; `bridge payments secret` does that"
    body, headers = provider.sample(secrets[0][0], now, mode)
    try:
        answer = requests.post(
            url,
            data=body,
            headers={**headers, "Content-Type": "application/json"},
            timeout=_PATIENCE,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return (
            f"{url} can't be reached from here ({type(error).__name__}); is the bridge running, and the proxy set up?"
        )
    if not answer.ok or answer.is_redirect:
        return f"{url} answered {answer.status_code}; does the proxy lead this address to the bridge as it is?"
    with open_session(read_only=True) as session:
        arrived = payment_events.page(session, [account_id], event_id=provider.parse(body, headers).event_id)
    return "" if arrived else f"{url} said yes, but nothing came here; does it lead to another installation?"


def is_unknown(session: Any, account: PaymentAccount, running: Running) -> bool:
    """Whether no purchase, and so no key, knows a subscription that goes on."""
    names = {account.source, account.provider} if account.mode == "live" else {account.source}
    return all(purchases.purchase_by_ref(session, account.owner_id, name, running.ref) is None for name in names)
