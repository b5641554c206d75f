"""Forgets a customer: who it was goes out of keys, purchases, counts and the audit trail; the keys go on.

All of it in the caller's transaction. What another transaction is about to write about the customer is waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import Customer, LicenseKey, Purchase
from bridge.rules.customers import Traces, mail_key, name_key
from bridge.storage import audits, customers, erasures, replays
from bridge.storage.audits import Actor


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a customer, in numbers: keys that go on, what was ordered, rows of the trail that were blurred."""

    keys: int
    purchases: int
    audit_rows: int


def check_confirmed(customer: Customer, confirm: str) -> None:
    """Raises ``InvalidInputError`` unless the mail address was typed that belongs to the customer."""
    if mail_key(confirm) != customer.email_key:
        raise InvalidInputError("confirm", "is not the customer's mail address; it is asked for since this is for good")


def erase(session: Any, customer: Customer, *, domains: bool, actor: Actor, now: datetime) -> Erased:
    """Forget the customer. With ``domains`` its keys also forget their domains and sites, and work on any again.

    ``customer`` was read in this transaction; it is gone afterwards.
    """
    customer_id, owner_id = customer.id or 0, customer.owner_id
    erasures.overwrite_what_is_deleted(session)
    # In the order in which others hold them, a sale first: two who wait for each other would both lose.
    erasures.held_purchases(session, [customer_id])
    erasures.held_keys(session, customer_id)
    customers.held(session, customer_id)
    keys = erasures.held_keys(session, customer_id)
    past = erasures.past_keys(session, customer_id)
    theirs = [*keys, *(key for _, _, key in past if key is not None and _is_still(customer, key))]
    whole = [*(key.id or 0 for key in theirs), *(key_id for key_id, _, key in past if key is None)]
    same = [customer, *erasures.without_keys_but(session, whole)]
    ordered = erasures.held_purchases(session, [each.id or 0 for each in same])
    traces = _traces(same, theirs, ordered)

    erasures.merge_usage(session, whole)
    erasures.drop_sites(session, [key.id or 0 for key in theirs], all_of_them=domains)
    blurred = erasures.blur_trail(session, [f"key:{key_id}" for key_id in whole], traces)
    for key_id, left_at, _ in past:
        if key_id not in whole:  # somebody else's by now: what happened since is theirs
            blurred += erasures.blur_trail(session, [f"key:{key_id}"], traces, until=left_at)
    blurred += erasures.blur_trail(session, [f"purchase:{each.id}" for each in ordered], traces)
    erasures.strip_keys(session, theirs, traces)
    erasures.strip_purchases(session, ordered, traces, domains=domains)
    erasures.blank_payloads(session, owner_id, ordered)
    erasures.remove(session, [each.id or 0 for each in same])
    after = {"keys": len(theirs), "purchases": len(ordered), "domains": domains}
    subject = f"customer:{customer_id}"
    audits.record(session, actor, "customer.erase", now, subject=subject, owner_id=owner_id, after=after)
    session.flush()
    replays.forget_of_owner(session, owner_id)  # last: answers that were waited for above are there by now
    return Erased(len(theirs), len(ordered), blurred)


def _is_still(customer: Customer, key: LicenseKey) -> bool:
    """Whether a key that names no mail address any more still bears the customer's name."""
    return key.customer_id is None and bool(customer.name_key) and name_key(key.customer_name) == customer.name_key


def _traces(same: Sequence[Customer], keys: Sequence[LicenseKey], ordered: Sequence[Purchase]) -> Traces:
    rows: list[LicenseKey | Purchase] = [*keys, *ordered]
    names = [*(each.name for each in same), *(row.customer_name for row in rows)]
    return Traces.of(names, [*(each.email for each in same), *(row.customer_email for row in rows)])
