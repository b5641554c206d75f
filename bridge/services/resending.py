"""Queues a key's mail once more, because somebody asks for it: at most so often an hour, and never in silence."""

from collections.abc import Sequence
from typing import Any

from bridge.errors import RefusedError
from bridge.models import LicenseKey, Package, Purchase
from bridge.rules.payments.messages import Message
from bridge.services import mail_keys, purchases_trail
from bridge.services.keys import Issuer
from bridge.storage import audits, outbox, purchases

MOST_AN_HOUR = 3


def of_key(session: Any, key: LicenseKey, package: Package, by: Issuer) -> str:
    """Mail a key, which the caller holds, to its customer. Returns the address. Raises ``RefusedError``."""
    if key.is_master:
        raise RefusedError("a master key is nobody's to be mailed to; its owner sees it on the page of the key")
    if not key.customer_email:
        raise RefusedError("the key has no mail address; enter the customer's first")
    if not any(each.usable for each in mail_keys.shown(session, [key], by.now)):
        raise RefusedError("the key does not work, so it is not mailed; look at its state first")
    slot = purchases.slot_of_key(session, key.id or 0)
    _put(session, f"key:{key.id}", key.owner_id, slot.purchase_id if slot is not None else None, [key.id or 0], by)
    audits.record(
        session,
        by.actor,
        "key.resend",
        by.now,
        subject=f"key:{key.id}",
        owner_id=key.owner_id,
        repo_id=package.repo_id,
    )
    return key.customer_email


def of_purchase(session: Any, purchase: Purchase, by: Issuer) -> tuple[str, list[int]]:
    """Mail the keys of a purchase to its customer. Returns the address and the keys. Raises ``RefusedError``.

    A key that was given to somebody else is mailed by itself (`of_key`).
    """
    rows = purchases.slots_of(session, purchase.id or 0)
    found = purchases.keys_by_id(session, [row.key_id for row in rows if row.key_id is not None])
    keys = _own([found[row.key_id] for row in rows if row.key_id in found], purchase)
    works = {each.id for each in mail_keys.shown(session, keys, by.now) if each.usable}
    working = [key for key in keys if key.id in works]
    if not working:
        raise RefusedError("none of the purchase's keys works, so there is nothing to mail; look at their states first")
    theirs = [key for key in working if mail_keys.is_for(key, purchase.customer_email)]
    email = next((each.customer_email for each in theirs or working if each.customer_email), purchase.customer_email)
    usable = [key.id or 0 for key in working if mail_keys.is_for(key, email)]
    if not email:
        raise RefusedError("the purchase has no mail address; enter the customer's at its key first")
    _put(session, f"purchase:{purchase.id}", purchase.owner_id, purchase.id, usable, by)
    sold = {each.package_id for each in keys}
    repo_id = purchases_trail.repo_of(session, sold)
    purchases_trail.record(session, purchase, repo_id, "purchase.resend", {"keys": usable}, by)
    return email, usable


def _own(keys: Sequence[LicenseKey], purchase: Purchase) -> list[LicenseKey]:
    return [key for key in keys if key.owner_id == purchase.owner_id]


def _put(session: Any, what: str, owner_id: int, purchase_id: int | None, key_ids: list[int], by: Issuer) -> None:
    """The names of the hour's mails are counted out, so that of many who ask at once only the first few are heard."""
    for number in range(MOST_AN_HOUR):
        once = f"resend:{what}:{by.now:%Y%m%d%H}:{number}"
        reference = {"keys": key_ids}
        if outbox.put(session, once, Message.KEYS, owner_id, by.now, purchase_id=purchase_id, reference=reference):
            return
    raise RefusedError(f"it was mailed {MOST_AN_HOUR} times within this hour; look whether the address is right")
