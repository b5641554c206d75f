"""A key as the caller may see it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, cast

from bridge.models import LicenseKey, Package
from bridge.rules.codes import mask
from bridge.rules.keys import grace_until, held_because
from bridge.rules.permissions import Action
from bridge.services import keys
from bridge.storage import audits, licenses
from bridge.web.api import schemas_keys as shown
from bridge.web.api.operations import Call


def shapes(call: Call, session: Any, found: Sequence[tuple[LicenseKey, Package]]) -> list[shown.Key]:
    """Keys of a list. A master key's code is not shown in lists, to nobody."""
    ids = [key.id or 0 for key, _ in found]
    codes, domains = licenses.codes_of(session, ids), licenses.domains_of(session, ids)
    return [
        _shape(call, key, package, codes[key.id or 0][0].code, domains.get(key.id or 0, []), opened=not key.is_master)
        for key, package in found
    ]


def shape(call: Call, session: Any, key: LicenseKey, package: Package) -> shown.Key:
    """One key. Showing a master key's code leaves a row in the audit trail; the caller commits."""
    key_id = key.id or 0
    code = licenses.codes_of(session, [key_id])[key_id][0].code
    made = _shape(call, key, package, code, licenses.domains_of(session, [key_id]).get(key_id, []), opened=True)
    if key.is_master and not made.masked:
        audits.record(session, call.actor, "key.reveal", call.now, subject=f"key:{key_id}", owner_id=key.owner_id)
    return made


def reveals_master(call: Call, key: LicenseKey) -> bool:
    """Whether showing this key shows a master key's code."""
    return key.is_master and call.may(Action.KEYS_MASTER_CODE, of_owner=True)


def _shape(call: Call, key: LicenseKey, package: Package, code: str, domains: list[str], *, opened: bool) -> shown.Key:
    of_owner = package.repo_id is None
    sees_code = opened and call.may(Action.KEYS_MASTER_CODE if key.is_master else Action.KEYS_CODE, of_owner=of_owner)
    sees_mail = call.may(Action.KEYS_MAIL, of_owner=of_owner)
    facts, grace = licenses.key_facts(key), timedelta(days=package.grace_days)
    return shown.Key(
        id=key.id or 0,
        code=code if sees_code else mask(code),
        masked=not (sees_code and sees_mail),
        feed_token=key.feed_token if sees_code else None,
        state=cast("shown.State", keys.state_of(key, package, call.now)),
        master=key.is_master,
        package=shown.PackageOfKey(id=package.id or 0, name=package.name, level=level_of(package)),
        customer_name=key.customer_name,
        customer_email=key.customer_email if sees_mail else masked_mail(key.customer_email),
        domains=domains,
        max_sites=package.max_sites if key.max_sites is None else key.max_sites,
        max_sites_override=key.max_sites,
        starts_at=key.starts_at,
        expires_at=licenses.expiry_of(key),
        paid_until=key.expires_at,
        expiry_mode=cast("Literal['paid', 'extend', 'fix']", key.edit_kind or "paid"),
        grace_until=grace_until(facts, grace),
        note=key.note,
        labels=key.labels,
        payment_ref=key.payment_ref,
        test=key.is_test,
        created_at=key.created_at,
        suspended_at=key.suspended_at,
        revoked_at=key.revoked_at,
        revoke_reason=key.revoke_reason,
        state_reason=held_because(facts),
    )


def level_of(package: Package) -> Literal["owner", "repo"]:
    """Where the package belongs."""
    return "owner" if package.repo_id is None else "repo"


def masked_mail(email: str) -> str:
    """A mail address of which one may tell that it is one, and no more: ``a…@…``."""
    return f"{email[0]}…@…" if email else ""
