"""Queues the mail that leads to a customer's own page. It goes to the address of the key, whoever asks for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bridge.errors import RefusedError
from bridge.models import Customer, LicenseKey
from bridge.rules.payments.messages import Message
from bridge.services.keys import Issuer
from bridge.storage import audits, customer_pages, outbox

MOST_AN_HOUR = 3
# Owners who know one address; whoever sells under more names than this writes to its customers itself.
MOST_OWNERS = 10


def known_by(session: Any, email: str) -> list[int]:
    """A key of each owner who knows a mail address. It takes as long where nobody does."""
    return customer_pages.newest_keys_of_mail(session, email, MOST_OWNERS)


def put_all(session: Any, key_ids: Sequence[int], now: datetime) -> None:
    """Mail the links to those who have these keys; in silence where they had enough mails this hour."""
    for key_id in key_ids:
        key = session.get(LicenseKey, key_id)
        if key is not None and key.customer_id is not None:
            _put(session, key, now)


def of_customer(session: Any, customer: Customer, by: Issuer) -> str:
    """The same because support asks for it. Returns the address. Raises ``RefusedError``."""
    key = customer_pages.newest_key(session, customer.id or 0)
    if key is None:
        raise RefusedError("the customer has no key any more, so there is no page to lead to")
    if not _put(session, key, by.now, "support:"):
        raise RefusedError(f"you mailed it {MOST_AN_HOUR} times within this hour; look whether the address is right")
    note(session, customer, "customer.link_mail", by)
    return key.customer_email


def note(session: Any, customer: Customer, action: str, by: Issuer) -> None:
    """Keep in the audit trail that somebody let the customer's page be opened."""
    audits.record(session, by.actor, action, by.now, subject=f"customer:{customer.id}", owner_id=customer.owner_id)


def _put(session: Any, key: LicenseKey, now: datetime, whose: str = "") -> bool:
    """The names of the hour's mails are counted out, as `resending` does.

    ``whose`` counts apart: a stranger who asks all the time does not keep support from helping.
    """
    for number in range(MOST_AN_HOUR):
        once = f"{Message.LINK}:{key.customer_id}:{now:%Y%m%d%H}:{whose}{number}"
        if outbox.put(session, once, Message.LINK, key.owner_id, now, reference={"keys": [key.id]}):
            return True
    return False
