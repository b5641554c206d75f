"""Keys for a customer with many sites: one for each, each with a domain of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import InvalidInputError
from bridge.models import LicenseKey, Package
from bridge.services import key_inputs, keys
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer


def issue_for_each(
    session: Any, package: Package, wanted: KeyInput, domains: Sequence[str], by: Issuer
) -> Sequence[LicenseKey]:
    """One key for each domain. Raises as ``keys.issue`` does, before anything is made."""
    if len(domains) > keys.MOST_AT_ONCE:  # asked first: reading many takes long, and others wait for the lock
        raise InvalidInputError(
            "domains", f"at once, {keys.MOST_AT_ONCE} domains at most get a key; send them in parts"
        )
    patterns = [key_inputs.patterns([domain])[0] for domain in domains]
    twice = next((each for each, count in Counter(patterns).items() if count > 1), None)
    if twice is not None:
        raise InvalidInputError("domains", f"{twice} stands there twice; each domain gets one key")
    keys.check(session, package, replace(wanted, quantity=len(patterns)), by)
    issued: list[LicenseKey] = []
    for pattern in patterns:
        issued += keys.issue(session, package, replace(wanted, quantity=1, domains=(pattern,)), by)
    return issued
