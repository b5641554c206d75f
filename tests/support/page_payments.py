"""A payment account and events of an owner, as rows: for the pages, which only show and decide."""

from datetime import datetime
from typing import Any

from support.bridges import TESTER, Installation

from bridge.models import PaymentAccount, PaymentEvent
from bridge.payments.provider import Standing
from bridge.services import payment_accounts as accounts
from bridge.storage import payment_accounts


def account_of(made: Installation, session: Any, owner_id: int) -> PaymentAccount:
    """The owner's account at Stripe, without an API key; the same each time."""
    found = payment_accounts.by_source(session, owner_id, "stripe")
    if found is not None:
        return found
    parts, now = made.parts, made.clock()
    row = accounts.open_account(
        session, owner_id, "stripe", Standing(mode="live"),
        label="", api_key="", since=now, vault=parts.vault, entropy=parts.entropy, actor=TESTER, now=now,
    )  # fmt: skip
    accounts.add_secret(session, row, "whsec_a0secret0for0tests", parts.vault, TESTER, now)
    return row


def event_of(session: Any, account: PaymentAccount, now: datetime, **facts: Any) -> PaymentEvent:
    """An event that was told, and what came of it."""
    stated = {"event_type": "checkout.session.completed", "object_id": "cs_1", "status": "ignored", "code": "unmapped"}
    stated |= {"reason": "price_9 is mapped to no package", "source": "webhook", "received_at": now} | facts
    number = len(session.exec(_events(account)).all()) + 1
    row = PaymentEvent(account_id=account.id or 0, event_id=f"evt_{account.id}_{number}", **stated)
    session.add(row)
    session.flush()
    return row


def _events(account: PaymentAccount) -> Any:
    from sqlmodel import select

    return select(PaymentEvent.id).where(PaymentEvent.account_id == account.id)
