"""What somebody sees who comes back from paying: the keys, if they are there; else that they are on their way.

Only a name of the sale opens it that nobody guesses: the one that the provider gave its checkout, or ours, where the
sale was begun here. A subscription's name, which stands on invoices, does not. The webhook may be late or never come:
then the worker is asked to look at the sale.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from bridge.models import Owner, PaymentAccount, Purchase, SaleFact
from bridge.payments.provider import Delivery
from bridge.rules.payments import policy as policies
from bridge.services import mail_keys, mail_settings, payment_access
from bridge.services.customer_links import CustomerLinks
from bridge.services.mail_keys import Shown
from bridge.services.payment_door import event_row
from bridge.services.throttling import Throttle
from bridge.storage import customers, payment_accounts, payment_events, purchase_facts, purchases

# By provider: how sales are called whose names nobody guesses, where they have such names.
_CHECKOUTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {"stripe": re.compile(r"cs_[A-Za-z0-9_]{1,250}", re.ASCII)}
)
# By provider, and how the name of what is sold begins: what an event would be called that tells of it.
_EVENTS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "stripe": (("", "checkout.session.completed"),),
        "paypal": (("I-", "BILLING.SUBSCRIPTION.UPDATED"), ("", "CHECKOUT.ORDER.APPROVED")),
    }
)
# The worker is asked about so many sales of an account a minute: names that strangers make up cost the provider's time.
MOST_QUESTIONS_A_MINUTE = 20


class Stage(StrEnum):
    """How far a sale is. ``WAITING``: nothing is known of it, which is also what strangers and guessers see."""

    WAITING = "waiting"
    PENDING = "pending"
    FAILED = "failed"
    KEYS = "keys"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the page shows. ``mail``: the address that the keys were mailed to, most of it hidden."""

    stage: Stage
    seller: str = ""
    support: str = ""
    mail: str = ""
    mails_go_out: bool = False
    keys: list[Shown] = field(default_factory=list)
    joomla: bool = True
    dolibarr: bool = True
    own_page: str = ""


class ThanksDesk:
    """One for each process."""

    def __init__(
        self,
        open_session: Callable[..., AbstractContextManager[Any]],
        clock: Callable[[], datetime],
        questions: Throttle,
        links: CustomerLinks,
        *,
        mails_go_out: bool,
    ) -> None:
        self._open_session = open_session
        self._clock = clock
        self._questions = questions
        self._mails_go_out = mails_go_out
        self._links = links

    def look(self, endpoint: str, name: str) -> Thanks:
        """What there is to say about a sale of the account at this address. Raises nothing: a stranger waits."""
        if not name.isprintable():
            return Thanks(Stage.WAITING)
        with self._open_session(read_only=True) as session:
            account = payment_accounts.by_endpoint(session, endpoint)
            if account is None or account.status == "disabled":
                return Thanks(Stage.WAITING)
            order = payment_accounts.order_of(session, account.id or 0, name)
            sale_ref = order.ref if order is not None else name if _is_checkout(account, name) else ""
            if not sale_ref:
                return Thanks(Stage.WAITING)
            found = _sold(session, account, sale_ref)
            if found is not None:
                return self._told(session, account, *found)
        self._ask(account, sale_ref, is_ours=order is not None)
        return Thanks(Stage.WAITING)

    def _told(self, session: Any, account: PaymentAccount, purchase: Purchase, sale: SaleFact | None) -> Thanks:
        if purchase.wanted.get("erased"):
            return Thanks(Stage.WAITING)
        now, owner = self._clock(), session.get_one(Owner, account.owner_id)
        voice = mail_settings.voice_of(owner, [])
        pending = Thanks(Stage.PENDING, voice.name, voice.support, masked(purchase.customer_email), self._mails_go_out)
        if purchase.status != "paid":
            return replace(pending, stage=Stage.FAILED) if purchase.status == "failed" else pending
        if not _is_young(purchase, sale, account, now):
            return replace(pending, stage=Stage.OVER)
        rows = purchases.slots_of(session, purchase.id or 0)
        by_id = purchases.keys_by_id(session, [row.key_id for row in rows if row.key_id is not None])
        keys = [by_id[row.key_id] for row in rows if row.key_id in by_id]
        own = [key for key in keys if key.owner_id == account.owner_id]
        theirs = [key for key in own if mail_keys.is_for(key, purchase.customer_email)]
        shown = mail_keys.shown(session, theirs, now)
        if not shown:
            return replace(pending, stage=Stage.OVER) if own else pending
        joomla, dolibarr = mail_keys.platforms(session, account.owner_id, {key.package_id for key in shown})
        own_page = self._own_page(session, account, purchase, sale, now)
        return replace(pending, stage=Stage.KEYS, keys=shown, joomla=joomla, dolibarr=dolibarr, own_page=own_page)

    def _own_page(
        self, session: Any, account: PaymentAccount, purchase: Purchase, sale: SaleFact | None, now: datetime
    ) -> str:
        """The customer's page with these keys alone, as long as they are shown here.

        Whoever pays writes any mail address, and proves none: what else that customer has is for its mailbox only.
        """
        customer = customers.by_mail(session, account.owner_id, purchase.customer_email)
        until = _paid_at(purchase, sale) + payment_access.policy_of(account).reveal
        return self._links.address(customer, now, purchase_id=purchase.id or 0, until=until)

    def _ask(self, account: PaymentAccount, sale_ref: str, *, is_ours: bool) -> None:
        """Let the worker look at the sale, as if it had been told of it. Without a key it could not."""
        if not account.api_key or account.status != "active":
            return
        # Names that strangers make up don't use up what there is for sales that were begun here.
        place = f"{account.endpoint}/{sale_ref}" if is_ours else account.endpoint
        if self._questions.is_over(place):
            return
        self._questions.note(place)
        kind = next(kind for start, kind in _EVENTS[account.provider] if sale_ref.startswith(start))
        delivery = Delivery(event_id=f"page:{sale_ref}", event_type=kind, object_id=sale_ref)
        row = event_row(account.id or 0, delivery, "page", self._clock())
        with self._open_session() as session:
            payment_events.take_in(session, row)


def address_of(session: Any, purchase: Purchase, public_url: str, now: datetime) -> str:
    """Where the buyer sees the keys of a purchase; "" where there is no such page, or it shows them no more."""
    account = payment_accounts.by_source(session, purchase.owner_id, purchase.source)
    sale = purchase_facts.sales(session, [purchase.id or 0]).get(purchase.id or 0)
    if account is None or account.status == "disabled" or purchase.wanted.get("erased"):
        return ""
    if not _is_young(purchase, sale, account, now):
        return ""
    checkout = sale is not None and _is_checkout(account, sale.sale_ref)
    name = sale.sale_ref if sale is not None and checkout else str(purchase.wanted.get("order") or "")
    return f"{public_url}/-/licensing/thanks/{account.endpoint}?session_id={quote(name, safe='')}" if name else ""


def masked(email: str) -> str:
    """A mail address that its owner knows again, and nobody else learns: ``a…@e….com``."""
    local, _, domain = email.rpartition("@")
    name, dot, end = domain.rpartition(".")
    return f"{local[:1]}…@{name[:1]}…{dot}{end}" if local and name else ""


def _sold(session: Any, account: PaymentAccount, sale_ref: str) -> tuple[Purchase, SaleFact | None] | None:
    """The purchase of a sale; some providers call the purchase itself so, and know no sale beside it."""
    found = purchase_facts.purchase_of_sale(session, account.owner_id, account.source, sale_ref)
    if found is not None:
        return found
    purchase = purchases.purchase_by_ref(session, account.owner_id, account.source, sale_ref)
    return (purchase, None) if purchase is not None else None


def _is_checkout(account: PaymentAccount, name: str) -> bool:
    known = _CHECKOUTS.get(account.provider)
    return known is not None and known.fullmatch(name) is not None


def _is_young(purchase: Purchase, sale: SaleFact | None, account: PaymentAccount, now: datetime) -> bool:
    policy: policies.Policy = payment_access.policy_of(account)
    return now - _paid_at(purchase, sale) < policy.reveal


def _paid_at(purchase: Purchase, sale: SaleFact | None) -> datetime:
    return (sale.paid_at if sale is not None else None) or purchase.created_at
