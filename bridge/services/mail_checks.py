"""What must still be so when a mail goes out. Its row holds ids only; here everything is looked at again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bridge.errors import BridgeError
from bridge.models import LicenseKey, Outbox, Owner, Purchase
from bridge.rules.payments.messages import Message
from bridge.rules.payments.outcome import Flag
from bridge.services import reminders
from bridge.services.mail_keys import Shown
from bridge.storage import outbox, purchases


class NoLongerTrueError(BridgeError):
    """What was to be said is not so any more; nothing is to be sent. The message says why, for the operator."""


class NoAddressYetError(BridgeError):
    """Nobody knows where to send it; that may change."""


@dataclass(frozen=True, slots=True)
class About:
    """What a letter is about, read now."""

    session: Any
    row: Outbox
    kind: Message
    owner: Owner
    purchase: Purchase | None
    keys: list[Shown]
    now: datetime

    @property
    def sold(self) -> Purchase:
        """The purchase of a kind that always has one."""
        if self.purchase is None:
            raise NoLongerTrueError("the purchase is gone")
        return self.purchase


def look(about: About) -> None:
    """Raises `NoLongerTrueError` where what was to be said is not so any more.

    Keys of which it is not so are left out.
    """
    _LOOKS.get(about.kind, _nothing_to_check)(about)


def customer_of(about: About) -> tuple[str, str]:
    """Name and mail address."""
    rows = [about.session.get_one(LicenseKey, key.id) for key in about.keys]
    named = next(((row.customer_name, row.customer_email) for row in rows if row.customer_email), None)
    if named is not None:
        return named
    return (about.purchase.customer_name, about.purchase.customer_email) if about.purchase is not None else ("", "")


def _nothing_to_check(_about: About) -> None:
    """What happened, happened."""


def _some_key_works(about: About) -> None:
    if not any(key.usable for key in about.keys):
        raise NoLongerTrueError("none of the keys works any more")
    about.keys[:] = [key for key in about.keys if key.usable]


def _still_failed(about: About) -> None:
    if about.sold.status == "paid":
        raise NoLongerTrueError("it was paid after all")


def _still_unpaid(about: About) -> None:
    sold = about.sold
    if sold.status == "paid" and Flag.PAST_DUE not in sold.flags and not _is_held(about, "unpaid"):
        raise NoLongerTrueError("it was paid after all")


def _is_held(about: About, reason: str) -> bool:
    slots = purchases.slots_of(about.session, about.sold.id or 0)
    keys = purchases.keys_by_id(about.session, [slot.key_id for slot in slots if slot.key_id is not None])
    return any(key.payment_reason == reason for key in keys.values())


def _still_so_and_news(about: About) -> None:
    """A key is still what it became, and the customer was told something else last."""
    key = about.session.get_one(LicenseKey, about.keys[0].id) if about.keys else None
    if key is None or key.revoked_at is not None or key.suspended_at is not None:
        raise NoLongerTrueError("a person decided about the key since")
    after = about.row.reference["after"]
    if (key.payment_hold, key.payment_reason) != (after["hold"], after["reason"]):
        raise NoLongerTrueError("the key's state changed once more since")
    believed: tuple[Any, Any] = (None, None)
    for told in outbox.last_sent(about.session, about.sold.id or 0, Message.KEY_STATE):
        if told.reference.get("key") == key.id:
            believed = (told.reference["after"]["hold"], told.reference["after"]["reason"])
            break
    if believed == (after["hold"], after["reason"]):
        raise NoLongerTrueError("the customer knows it so")


def _still_to_review(about: About) -> None:
    if not about.sold.needs_review:
        raise NoLongerTrueError("it was decided, or settled itself")


def _still_renewing(about: About) -> None:
    if Flag.STILL_RENEWING not in about.sold.flags:
        raise NoLongerTrueError("the subscription renews no more, or was paid again")


def _still_double(about: About) -> None:
    other = about.session.get(Purchase, about.row.reference.get("other"))
    if other is None or other.status != "paid" or about.sold.status != "paid" or about.sold.twin_id is None:
        raise NoLongerTrueError("one of the two is not paid any more")


def _still_without_address(about: About) -> None:
    if customer_of(about)[1] or about.sold.wanted.get("erased"):
        raise NoLongerTrueError("the address is known by now, or the customer was erased")


def _still_ending(about: About) -> None:
    """Keys end when the reminder says, and nothing will renew them."""
    if not reminders.wants(about.owner):
        raise NoLongerTrueError("the owner switched reminders off")
    said = about.row.reference["expires"]
    about.keys[:] = [
        key
        for key in about.keys
        if key.usable
        and not key.renews
        and not key.is_test
        and key.expires_at is not None
        and key.expires_at > about.now
        and reminders.moment(key.expires_at) == said
    ]
    if not about.keys:
        raise NoLongerTrueError("the key ends at another time now, or does not work, or is renewed by itself")


_LOOKS: Mapping[Message, Callable[[About], None]] = MappingProxyType(
    {
        Message.KEYS: _some_key_works,
        Message.SALE_FAILED: _still_failed,
        Message.PAYMENT_FAILED: _still_unpaid,
        Message.KEY_STATE: _still_so_and_news,
        Message.REMINDER: _still_ending,
        Message.REVIEW: _still_to_review,
        Message.STILL_RENEWING: _still_renewing,
        Message.DOUBLE_PAYMENT: _still_double,
        Message.NO_ADDRESS: _still_without_address,
    }
)
