"""License keys: issued, changed, revoked, replaced. Every change is audited in its own transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InvalidInputError, RefusedError
from bridge.models import LicenseKey, Package
from bridge.rules import terms
from bridge.rules.codes import new_code, new_feed_token
from bridge.rules.keys import state
from bridge.services import key_inputs, masters
from bridge.services.key_inputs import KeyInput
from bridge.services.masters import Entropy
from bridge.storage import audits, customers, licenses
from bridge.storage.audits import Actor

MOST_AT_ONCE = 1000
Window = tuple[datetime, datetime | None]
OVERLAPS = {"0": timedelta(0), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Issuer:
    """What issuing needs from the edge: who, when, random bytes, and the installation's prefix and limit."""

    actor: Actor
    now: datetime
    entropy: Entropy
    prefix: str
    most_a_day: int = 10_000


def issue(session: Any, package: Package, wanted: KeyInput, by: Issuer) -> Sequence[LicenseKey]:
    """Issue keys of a package. Raises ``InvalidInputError`` or ``RefusedError``; then nothing is kept.

    Stated dates go before the package's term. A code of one's own may stand for other keys already.
    """
    if wanted.legacy_code and wanted.quantity != 1:
        raise InvalidInputError("legacy_code", "a code of your own goes with exactly one key")
    plain = check(session, package, wanted, by)
    return mint(session, package, plain, _window(package, plain, by.now), by)


def check(session: Any, package: Package, wanted: KeyInput, by: Issuer) -> KeyInput:
    """What was stated, in stored spelling, if such keys may be issued now. Raises as ``issue`` does."""
    if package.is_master:
        raise RefusedError("master keys are made by the bridge; there is always exactly one in force")
    if not package.active:
        raise RefusedError(
            f"the package “{package.name}” is not active; activate it first (`bridge package edit --active`)"
        )
    if not 1 <= wanted.quantity <= MOST_AT_ONCE:
        raise InvalidInputError("quantity", f"quantity is a whole number from 1 to {MOST_AT_ONCE}")
    plain = key_inputs.checked(wanted, by.prefix)
    if licenses.issued_since(session, package.owner_id, by.now - timedelta(days=1)) + wanted.quantity > by.most_a_day:
        raise RefusedError(
            f"the owner would issue more than {by.most_a_day} keys within a day (limits.keys_per_owner_and_day)"
        )
    return plain


def mint(session: Any, package: Package, plain: KeyInput, window: Window, by: Issuer) -> Sequence[LicenseKey]:
    """Make keys that were checked, with their ``(start, expiry)``."""
    customer_id = customers.of_mail(session, package.owner_id, plain.customer_email, plain.customer_name, by.now)
    return [_issue_one(session, package, plain, customer_id, *window, by) for _ in range(plain.quantity)]


def _issue_one(
    session: Any,
    package: Package,
    plain: KeyInput,
    customer_id: int | None,
    starts_at: datetime,
    expires_at: datetime | None,
    by: Issuer,
) -> LicenseKey:
    key = LicenseKey(
        owner_id=package.owner_id,
        package_id=package.id or 0,
        customer_id=customer_id,
        feed_token=new_feed_token(by.entropy(20)),
        customer_name=plain.customer_name,
        customer_email=plain.customer_email,
        note=plain.note,
        payment_ref=plain.payment_ref,
        labels=list(plain.labels),
        max_sites=plain.max_sites,
        is_test=plain.is_test,
        starts_at=starts_at,
        expires_at=expires_at,
        created_at=by.now,
    )
    code = plain.legacy_code or new_code(by.prefix, by.entropy(16))
    licenses.add_code(session, key, code, by.now, native=not plain.legacy_code)
    licenses.assign_domains(session, key.id or 0, plain.domains)
    after = {"package": package.id, "expires": audits.iso(expires_at), "domains": list(plain.domains)}
    _audit(session, by.actor, "key.issue", key, by.now, after=after)
    return key


def revoke(session: Any, key: LicenseKey, reason: str, by: Issuer) -> LicenseKey | None:
    """Revoke for good. A master key gets its successor in the same transaction, which is returned.

    A key that is revoked already stays as it is: the first reason and moment count.
    """
    licenses.hold(session, key)
    if key.revoked_at is not None:
        return None
    key.revoked_at, key.revoke_reason = by.now, key_inputs.plain_text("reason", reason)
    session.add(key)
    session.flush()
    after = {"revoked": audits.iso(by.now), "reason": key.revoke_reason}
    _audit(session, by.actor, "key.revoke", key, by.now, before={"revoked": None}, after=after)
    if not key.is_master:
        return None
    package = licenses.package_by_id(session, key.package_id)
    assert package is not None, "a key has a package"
    return masters.add_key(session, package, by.prefix, by.entropy, by.now, by.actor)


def replace_code(session: Any, key: LicenseKey, overlap: timedelta, by: Issuer) -> str:
    """A new code for the same key, sites and purchase. The old ones end after the overlap. Returns the new code."""
    licenses.hold(session, key)
    if key.revoked_at is not None:
        raise RefusedError("the key is revoked; issue a new one")
    if overlap not in OVERLAPS.values():
        raise InvalidInputError("overlap", f"the overlap is one of {', '.join(OVERLAPS)}")
    end = by.now + overlap
    codes = licenses.codes_of(session, [key.id or 0]).get(key.id or 0, [])
    ends = [code.valid_until for code in codes]
    for code in codes:
        code.valid_until = end if code.valid_until is None else min(code.valid_until, end)
        session.add(code)
    fresh = new_code(by.prefix, by.entropy(16))
    licenses.add_code(session, key, fresh, by.now)
    before = {"codes_end": [audits.iso(each) for each in ends]}
    after = {"codes_end": [None, *(audits.iso(code.valid_until) for code in codes)]}
    _audit(session, by.actor, "key.replace", key, by.now, before=before, after=after)
    return fresh


def replace_feed_token(session: Any, key: LicenseKey, by: Issuer) -> str:
    """A new personal feed address; the old one stops at once."""
    licenses.hold(session, key)
    key.feed_token = new_feed_token(by.entropy(20))
    session.add(key)
    # Both tokens are secrets: the trail tells that the address changed, and no more.
    _audit(session, by.actor, "key.feed_token", key, by.now, before={"feed": "old"}, after={"feed": "new"})
    return key.feed_token


def set_expiry(session: Any, key: LicenseKey, edit: terms.ExpiryEdit | None, actor: Actor, now: datetime) -> None:
    """Put a person's word beside what was paid: extend to, fix at, or (``None``) take it back."""
    licenses.hold(session, key)
    if key.is_master:
        raise RefusedError("a master key never expires; its expiry can't be edited")
    before = _expiry(key)
    key.edit_kind, key.edit_until = (edit.kind, edit.until) if edit else (None, None)
    session.add(key)
    _audit(session, actor, "key.expiry", key, now, before=before, after=_expiry(key))


def suspend(session: Any, key: LicenseKey, suspended: bool, actor: Actor, now: datetime) -> None:
    """Hold a key back, or let it go on. What is so already stays as it is."""
    licenses.hold(session, key)
    if key.is_master:
        raise RefusedError("a master key can't be suspended; revoke it to get a new one")
    if (key.suspended_at is not None) == suspended:
        return
    before = {"suspended": audits.iso(key.suspended_at)}
    key.suspended_at = now if suspended else None
    session.add(key)
    action = "key.suspend" if suspended else "key.resume"
    _audit(session, actor, action, key, now, before=before, after={"suspended": audits.iso(key.suspended_at)})


def assign(session: Any, key: LicenseKey, domains: Iterable[str], actor: Actor, now: datetime) -> Sequence[str]:
    """Replace the domains that a key is assigned to (none: any domain). Returns them normalised."""
    licenses.hold(session, key)
    if key.is_master:
        raise RefusedError("a master key works on every domain; issue another key for one domain")
    patterns = key_inputs.patterns(domains)
    before = licenses.domains_of(session, [key.id or 0]).get(key.id or 0, [])
    licenses.assign_domains(session, key.id or 0, patterns)
    _audit(session, actor, "key.domains", key, now, before={"domains": before}, after={"domains": sorted(patterns)})
    return patterns


def state_of(key: LicenseKey, package: Package, now: datetime) -> str:
    """The state of a key, computed from its facts."""
    return str(state(licenses.key_facts(key), timedelta(days=package.grace_days), now))


def extended(key: LicenseKey, package: Package, now: datetime) -> datetime | None:
    """Where one more term of the package would take the key: on from its expiry, or from now where that is past."""
    expiry = licenses.expiry_of(key)
    term = licenses.package_value(package).term
    try:
        return terms.renew(expiry, timedelta(days=package.grace_days), term, now, key.starts_at).expires_at
    except terms.InvalidTerm as error:
        raise RefusedError(str(error)) from None


def _window(package: Package, plain: KeyInput, now: datetime) -> Window:
    """When the key starts and expires. What was stated goes before the package's term, and needs no term that fits."""
    term = plain.term or licenses.package_value(package).term
    starts_at, expires_at = plain.starts_at, plain.expires_at
    if starts_at is None or expires_at is None:
        try:
            first, last = terms.first_window(term, starts_at or now)
        except terms.InvalidTerm as error:
            raise InvalidInputError("term", str(error)) from None
        starts_at, expires_at = starts_at or first, expires_at or last
    if expires_at is not None and expires_at <= starts_at:
        raise InvalidInputError("expires", "the expiry must lie after the start")
    return starts_at, expires_at


def _expiry(key: LicenseKey) -> dict[str, Any]:
    edit = {"edit": key.edit_kind, "edit_until": audits.iso(key.edit_until)} if key.edit_kind else {"edit": None}
    return {"expires": audits.iso(licenses.expiry_of(key)), **edit}


def _audit(
    session: Any,
    actor: Actor,
    action: str,
    key: LicenseKey,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    package = licenses.package_by_id(session, key.package_id)
    audits.record(
        session,
        actor,
        action,
        now,
        subject=f"key:{key.id}",
        owner_id=key.owner_id,
        repo_id=package.repo_id if package else None,
        before=before,
        after=after,
    )
