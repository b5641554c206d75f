"""What people are told by mail, and by when it is certain enough to be said."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class Message(StrEnum):
    """Kinds of rows in the outbox. The first group goes to the customer, the second to the seller."""

    KEYS = "keys"  # reference: keys (ids), left_out (ids of those that did not work when it was sent)
    SALE_FAILED = "sale_failed"
    PAYMENT_FAILED = "payment_failed"
    KEY_STATE = "key_state"  # reference: key (id), hold and reason as they were and are
    REMINDER = "reminder"  # reference: keys (ids), expires (the moment that it is about)
    LINK = "link"  # reference: keys (one of the customer's); it leads to the customer's own page

    REVIEW = "review"  # reference: reviews (sentences)
    STILL_RENEWING = "still_renewing"
    DOUBLE_PAYMENT = "double_payment"  # reference: other (id of the purchase)
    FRAUD_WARNING = "fraud_warning"
    NO_ADDRESS = "no_address"  # keys were made, and nobody knows where to send them
    UNDELIVERED = "undelivered"  # reference: keys (ids), why: their mail was refused for good


TO_CUSTOMER = frozenset(
    {Message.KEYS, Message.SALE_FAILED, Message.PAYMENT_FAILED, Message.KEY_STATE, Message.REMINDER, Message.LINK}
)

# A state may pass within seconds, since deliveries come in any order: it is looked at again before anything is said.
_SETTLE = timedelta(seconds=90)
_WAITS: Mapping[Message, timedelta] = MappingProxyType(
    {
        Message.SALE_FAILED: _SETTLE,
        Message.PAYMENT_FAILED: _SETTLE,
        Message.KEY_STATE: _SETTLE,
        Message.REVIEW: _SETTLE,
        Message.STILL_RENEWING: _SETTLE,
        Message.NO_ADDRESS: _SETTLE,
    }
)


def wait(message: Message) -> timedelta:
    """How long a message waits before it is sent; the keys themselves never do."""
    return _WAITS.get(message, timedelta())
