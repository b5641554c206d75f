"""Whom several files of tests know."""

import pytest
from support.persons import MAIL, NAME, live

from bridge.services import keys


@pytest.fixture
def zenobia(office) -> list[int]:
    """Her keys: two in use, one revoked."""
    package = office.package()
    found = [live(office, key) for key in office.issue(package, customer_name=NAME, customer_email=MAIL, quantity=2)]
    revoked = office.key(package, customer_email=MAIL.upper(), payment_ref=f"order of {MAIL}")
    with office.changing(revoked) as (session, key):
        keys.revoke(session, key, f"angry reason of {NAME}", office.issuer())
    return [*found, revoked]
