"""Links to a customer's own page: whose page it is, until when, and a signature. Whoever has one is let in.

The text is hexadecimal with dots, so that no mail program breaks it: ``customer.purchase.end.signature``. Signed is
also what the customer is (owner, mail address, since when it is known): a link never opens the page of somebody else
who came to the same number later.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SHAPE = re.compile(r"([0-9a-f]{1,8})\.([0-9a-f]{1,8})\.([0-9a-f]{1,10})\.([0-9a-f]{40})", re.ASCII)
_SIGNS = 40
_HIGHEST_NUMBER = 2**31 - 1
_LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says. ``purchase_id`` 0: everything that the customer has; else what came of that purchase alone."""

    customer_id: int
    expires_at: datetime
    purchase_id: int = 0


def signed(link: Link, whose: str, secret: bytes) -> str:
    """The text of a link. ``whose``: what the customer is. Its end is kept to the second."""
    said = f"{link.customer_id:x}.{link.purchase_id:x}.{int(link.expires_at.timestamp()):x}"
    return f"{said}.{_signature(said, whose, secret)}"


def read(text: str) -> Link | None:
    """What a text claims, before it is known whether that is signed; ``None`` for what is no such text."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    customer_id, purchase_id, end = (int(each, 16) for each in found.groups()[:3])
    if max(customer_id, purchase_id) > _HIGHEST_NUMBER or end > _LAST_SECOND:
        return None
    return Link(customer_id, datetime.fromtimestamp(end, UTC), purchase_id)


def is_good(text: str, whose: str, secret: bytes, now: datetime) -> bool:
    """Whether a text of the right shape was signed for this customer, and is not over."""
    link = read(text)
    said, _, signature = text.rpartition(".")
    fits = hmac.compare_digest(signature.encode(), _signature(said, whose, secret).encode())
    return link is not None and fits and now < link.expires_at


def _signature(said: str, whose: str, secret: bytes) -> str:
    return hmac.new(secret, f"{said} {whose}".encode(), hashlib.sha256).hexdigest()[:_SIGNS]
