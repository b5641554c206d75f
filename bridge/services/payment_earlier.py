"""Sales from before their account was connected: nobody's, until a person says whose."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import PaymentAccount, Purchase
from bridge.payments.provider import Delivery
from bridge.rules.payments.reports import Why
from bridge.rules.references import SENTENCE, is_reference
from bridge.services.payment_door import event_row
from bridge.storage import audits, payment_events, purchases
from bridge.storage.audits import Actor

# How a sale is looked at by its name alone: the beginning, and the event that is about such a thing.
_KINDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "stripe": (("sub_", "customer.subscription.updated"), ("cs_", "checkout.session.completed")),
    "paypal": (("I-", "BILLING.SUBSCRIPTION.UPDATED"), ("", "CHECKOUT.ORDER.COMPLETED")),
}
# The word at a purchase whose sale a person looked at: whatever was paid for it, it is to be issued.
ACCEPTED = "accepted"


def renews(ref: str) -> bool:
    """Whether a reference is a subscription's, by how it begins."""
    return ref.startswith(("sub_", "I-"))


def accept(session: Any, account: PaymentAccount, ref: str, actor: Actor, now: datetime) -> None:
    """Count a sale as ours, whenever it was made, and have it read. Raises ``InvalidInputError``."""
    if not is_reference(ref):
        raise InvalidInputError("ref", f"the reference {SENTENCE}")
    row = Purchase(
        owner_id=account.owner_id,
        source=account.source,
        ref=ref,
        subscription=renews(ref),
        is_test=account.mode == "test",
        created_at=now,
    )
    purchase, new = purchases.open_purchase(session, row)
    if new:
        audits.record(
            session,
            actor,
            "purchase.accept",
            now,
            subject=f"purchase:{purchase.id}",
            owner_id=account.owner_id,
            after={"source": account.source, "ref": ref},
        )
    read_again(session, account, ref, now)


def read_again(session: Any, account: PaymentAccount, ref: str, now: datetime) -> None:
    """Read what was told of a sale before, and the sale itself."""
    purchase = purchases.held_purchase(session, account.owner_id, account.source, ref)
    if purchase is not None:
        purchase.wanted = {**purchase.wanted, ACCEPTED: True}
        session.add(purchase)
    payment_events.again(session, now, account.id or 0, codes=(Why.EARLIER, Why.UNMAPPED, Why.MISMATCH), ref=ref)
    kinds = _KINDS.get(account.provider, ())
    kind = next((event_type for prefix, event_type in kinds if ref.startswith(prefix)), None)
    if kind is not None and account.api_key:
        name = f"replay:{ref}:{int(now.timestamp())}"
        payment_events.take_in(session, event_row(account.id or 0, Delivery(name, kind, object_id=ref), "replay", now))
