"""From the facts about a purchase to its keys: the missing ones are made, and all are what the facts make of them.

Nothing is remembered of the way that led there, so doing it again, or doing it for everything, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bridge.models import KeySlot, LicenseKey, Package, Purchase
from bridge.rules.payments import policy as policies
from bridge.rules.payments import purchase as gathering
from bridge.rules.payments.outcome import Flag, Outcome, SlotOutcome, outcome
from bridge.rules.payments.policy import Policy
from bridge.rules.payments.slots import Held, Slot, settled
from bridge.services import keys
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.storage import audits, payment_accounts, purchase_facts, purchases

# The word at a purchase that goes on, of which something was told that a person should look at.
DOUBT = "doubt"
_FOREIGN = "the keys are another owner's now, and are left as they are"
# A link may lead to a link; no provider builds a longer chain.
_MOST_LINKS = 8

Made = Mapping[Slot, Package]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What money changed about a key that was there: names of `_facts_of` with their values before and after."""

    key_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What came out, and what it did to the keys: those that were made, and those that changed."""

    outcome: Outcome
    made: tuple[int, ...] = ()
    changed: tuple[KeyChange, ...] = ()


def recompute(session: Any, purchase: Purchase, by: Issuer) -> Recomputed:
    """Bring the keys of a purchase, which the caller holds, in line with its facts.

    Raises ``RefusedError`` where keys are due that may not be issued now (an inactive package, the day's limit).
    """
    facts = _facts(session, purchase)
    policy = policy_of(session, purchase)
    slots = {Slot(row.line_ref, row.unit_no): row for row in purchases.slots_of(session, purchase.id or 0)}
    due = settled(facts, policy, _held(slots))
    for earlier, later in due.bind:
        row = slots[later] = slots.pop(earlier)
        row.line_ref, row.unit_no = later
        session.add(row)
    session.flush()
    packages = purchases.packages_by_id(session, {package_id for _, package_id in due.mint})
    minted = {slot: packages[id_] for slot, id_ in due.mint if packages[id_].owner_id == purchase.owner_id}
    whole = _held(slots) | {slot: Held(package.id or 0) for slot, package in minted.items()}
    found = outcome(facts, policy, whole)
    made = _mint(session, purchase, minted, found, by)
    changed, foreign = _apply(session, purchase, slots | made, found, by)
    _conclude(session, purchase, found, foreign=foreign or len(minted) < len(due.mint))
    fresh = {row.key_id or 0 for row in made.values()}
    return Recomputed(found, tuple(sorted(fresh)), tuple(each for each in changed if each.key_id not in fresh))


def policy_of(session: Any, purchase: Purchase) -> Policy:
    """What the seller decided about money: for the account that it came by, or the usual."""
    account = payment_accounts.by_source(session, purchase.owner_id, purchase.source)
    if account is None:
        return policies.default("generic")
    provider: policies.Provider = "paypal" if account.provider == "paypal" else "stripe"
    return policies.from_settings(provider, account.policy, test=account.mode == "test")


def _facts(session: Any, purchase: Purchase) -> gathering.Purchase:
    """All facts, with those that were waiting to hear whose they are."""
    for _ in range(_MOST_LINKS):
        known = purchase_facts.of_purchase(session, purchase.id or 0)
        facts = gathering.gathered(known, subscription=purchase.subscription)
        if not purchase_facts.claim_orphans(session, purchase, _names(purchase, facts)):
            break
    return facts


def _names(purchase: Purchase, facts: gathering.Purchase) -> set[str]:
    """What payments of this purchase are called, and what links to them may lead to."""
    sale = facts.sale
    names = {
        purchase.ref,
        *(period.period_ref for period in facts.periods),
        *(link.payment_ref for link in facts.links),
    }
    if sale is not None:
        names |= {sale.sale_ref, sale.payment_ref, sale.invoice_ref}
    return names - {""}


def _held(slots: Mapping[Slot, KeySlot]) -> dict[Slot, Held]:
    return {slot: Held(row.package_id, row.adopted, row.owned_until) for slot, row in slots.items()}


def _mint(session: Any, purchase: Purchase, minted: Made, found: Outcome, by: Issuer) -> dict[Slot, KeySlot]:
    """Make the keys that are due, line by line, each in a slot of its own. The slots' constraint allows no second."""
    made: dict[Slot, KeySlot] = {}
    for _, group in groupby(sorted(minted), key=lambda slot: slot.line_ref):
        slots = list(group)
        package, first = minted[slots[0]], found.slots[slots[0]]
        plain = keys.check(session, package, _wanted(purchase, len(slots)), by)
        issued = keys.mint(session, package, plain, (first.starts_at or by.now, first.paid_until), by)
        for slot, key in zip(slots, issued, strict=True):
            made[slot] = KeySlot(
                purchase_id=purchase.id or 0,
                line_ref=slot.line_ref,
                unit_no=slot.unit_no,
                key_id=key.id,
                package_id=package.id or 0,
                created_at=by.now,
            )
    session.add_all(made.values())
    session.flush()
    return made


def _wanted(purchase: Purchase, quantity: int) -> KeyInput:
    wanted = purchase.wanted
    return KeyInput(
        customer_name=purchase.customer_name,
        customer_email=purchase.customer_email,
        domains=tuple(wanted.get("domains", ())),
        max_sites=wanted.get("max_sites"),
        note=wanted.get("note", ""),
        labels=tuple(wanted.get("labels", ())),
        payment_ref=purchase.ref,
        quantity=quantity,
        is_test=purchase.is_test,
    )


def _apply(
    session: Any, purchase: Purchase, slots: Mapping[Slot, KeySlot], found: Outcome, by: Issuer
) -> tuple[list[KeyChange], bool]:
    """Write what came out into the keys; what changed, and whether a key is another owner's, which stays as it is."""
    rows = [row for row in slots.values() if row.key_id is not None]
    held = purchases.held_keys(session, [row.key_id or 0 for row in rows])
    wanted = {each.package_id for each in found.slots.values() if each.package_id is not None}
    packages = purchases.packages_by_id(session, wanted | {key.package_id for key in held.values()})
    foreign, changed = False, []
    for slot, row in slots.items():
        key, result = held.get(row.key_id or 0), found.slots.get(slot)
        if key is None or result is None:
            continue
        if key.owner_id != purchase.owner_id:
            foreign = True
            continue
        before = _facts_of(key)
        _fit(key, row, result, purchase, packages)
        after = _facts_of(key)
        if before != after:
            session.add(key)
            _audit(session, key, packages[key.package_id], before, after, by)
            changed.append(KeyChange(key.id or 0, before, after))
        session.add(row)
    session.flush()
    return changed, foreign


def _fit(
    key: LicenseKey, row: KeySlot, result: SlotOutcome, purchase: Purchase, packages: Mapping[int, Package]
) -> None:
    """Only a change of the facts moves the key's package or sites, so that a person's own change stays."""
    package = packages.get(result.package_id or 0)
    moved = package is not None and row.package_id != package.id
    if package is not None and moved and package.owner_id == key.owner_id:
        key.package_id = row.package_id = package.id or 0
    if result.seats != row.seats or (moved and result.seats > 1):
        row.seats = result.seats
        stated = purchase.wanted.get("max_sites")
        each = packages[key.package_id].max_sites if stated is None else stated
        key.max_sites = each * result.seats if result.seats > 1 else stated
    if not row.adopted and result.starts_at is not None:
        key.starts_at = result.starts_at
    key.expires_at = result.paid_until
    key.payment_hold, key.payment_reason = result.hold, result.reason or None
    key.paid_grace_until = result.works_until


def _facts_of(key: LicenseKey) -> dict[str, Any]:
    return {
        "package": key.package_id,
        "max_sites": key.max_sites,
        "starts": audits.iso(key.starts_at),
        "paid_until": audits.iso(key.expires_at),
        "hold": key.payment_hold,
        "reason": key.payment_reason,
        "paid_grace_until": audits.iso(key.paid_grace_until),
    }


def _audit(
    session: Any, key: LicenseKey, package: Package, before: dict[str, Any], after: dict[str, Any], by: Issuer
) -> None:
    changed = [name for name in before if before[name] != after[name]]
    audits.record(
        session,
        by.actor,
        "key.payment",
        by.now,
        subject=f"key:{key.id}",
        owner_id=key.owner_id,
        repo_id=package.repo_id,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def _conclude(session: Any, purchase: Purchase, found: Outcome, *, foreign: bool) -> None:
    reviews = [*found.reviews, *([_FOREIGN] if foreign else []), *filter(None, [purchase.wanted.get(DOUBT)])]
    purchase.status, purchase.needs_review = found.status, bool(reviews)
    twin = {Flag.DOUBLE_PAYMENT} if purchase.twin_id is not None else set()
    purchase.flags, purchase.reviews = sorted({*found.flags, *twin}), reviews
    session.add(purchase)
    session.flush()
