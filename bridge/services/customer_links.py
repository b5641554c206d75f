"""Makes links to customers' own pages, and opens them."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.models import Customer
from bridge.rules import customer_links as rules
from bridge.rules.customer_links import Link
from bridge.settings import Settings

PATH = "/-/licensing/my"


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good. ``purchase_id`` 0: it shows everything that the customer has of this owner."""

    customer: Customer
    purchase_id: int
    expires_at: datetime


class CustomerLinks:
    """One for each process; all that have the same secret know each other's links. They last ``days``."""

    def __init__(self, secret: str, public_url: str, days: int) -> None:
        self._secret = hmac.new(secret.encode(), b"customers' own pages", hashlib.sha256).digest() if secret else b""
        self.public_url = public_url
        self.days = days

    @property
    def are_made(self) -> bool:
        """Whether there is a secret to sign with."""
        return bool(self._secret)

    @property
    def front_door(self) -> str:
        """Where somebody without a link asks for one."""
        return f"{self.public_url}{PATH}/"

    def address(
        self, customer: Customer | None, now: datetime, *, purchase_id: int = 0, until: datetime | None = None
    ) -> str:
        """The address of a customer's page; "" where there is none. ``until``: an earlier end than the usual one."""
        if customer is None or not self._secret:
            return ""
        end = min(now + timedelta(days=self.days), until or datetime.max.replace(tzinfo=now.tzinfo))
        link = Link(customer.id or 0, end, purchase_id)
        return f"{self.front_door}{rules.signed(link, _whose(customer), self._secret)}"

    def open(self, session: Any, text: str, now: datetime) -> Opened | None:
        """Whose page a link opens; ``None`` for one that is wrong, over, or of somebody who was erased."""
        link = rules.read(text)
        if link is None or not self._secret:
            return None
        customer = session.get(Customer, link.customer_id)
        if customer is None or not rules.is_good(text, _whose(customer), self._secret, now):
            return None
        return Opened(customer, link.purchase_id, link.expires_at)


def links_of(settings: Settings) -> CustomerLinks:
    """The links of this installation."""
    secret = settings.oauth.client_secret.get_secret_value()
    return CustomerLinks(secret, settings.bridge.public_url, settings.web.customer_link_days)


def _whose(customer: Customer) -> str:
    return f"{customer.owner_id} {customer.created_at.isoformat()} {customer.email_key}"
