"""Many keys at once, as rows, and who sees all of them."""

from datetime import timedelta

from sqlalchemy import insert
from support.offices import ACME, NOW

from bridge.models import KeyCode, KeyDomain, LicenseKey
from bridge.storage.key_search import Sight

ALL = Sight(ACME, None, True, True, True, True)


def row(number, package, **facts):
    """A key as a row, with all that has no default in the table."""
    plain = {
        "owner_id": ACME, "is_master": False, "is_test": False, "feed_token": f"t{number}", "note": "", "labels": [],
        "customer_name": "", "customer_email": "", "payment_ref": "", "starts_at": NOW - timedelta(days=500),
        "created_at": NOW, "revoke_reason": "", "payment_reason": "", "expires_at": None, "edit_kind": None,
        "edit_until": None, "suspended_at": None, "revoked_at": None, "payment_hold": None, "paid_grace_until": None,
    }  # fmt: skip
    return plain | {"id": number, "package_id": package} | facts


def fill(session, rows, hosts=None):
    """Many keys at once, each with a code."""
    for start in range(0, len(rows), 5000):
        session.execute(insert(LicenseKey.__table__), rows[start : start + 5000])
    codes = [{"code": code_of(each["id"]), "key_id": each["id"], "native": True, "created_at": NOW} for each in rows]
    session.execute(insert(KeyCode.__table__), codes)
    assigned = [{"key_id": number, "pattern": host} for number, host in (hosts or {}).items() if host]
    if assigned:
        session.execute(insert(KeyDomain.__table__), assigned)


def code_of(number):
    """The code of a key that was filled in."""
    return f"LIC-K{number:05}-ABCDE"
