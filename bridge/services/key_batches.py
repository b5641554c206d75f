"""Keys for a customer with many sites: one for each, each with a domain of its own."""

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
    patterns = [key_inputs.patterns([domain])[0] for domain in domains]
    twice = next((each for each in patterns if patterns.count(each) > 1), None)
    if twice is not None:
        raise InvalidInputError("domains", f"{twice} stands there twice; each domain gets one key")
    keys.check(session, package, replace(wanted, quantity=len(patterns)), by)
    issued: list[LicenseKey] = []
    for pattern in patterns:
        issued += keys.issue(session, package, replace(wanted, quantity=1, domains=(pattern,)), by)
    return issued
