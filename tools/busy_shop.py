"""Make the demo's shop look as after a month: customers with many sites, a sale, and what sites did, day by day."""

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from bridge.models import Package
from bridge.parts import Parts
from bridge.payments.provider import Standing
from bridge.rules.access import Code
from bridge.services import key_batches, keys, payment_accounts, purchases
from bridge.services.key_inputs import KeyInput
from bridge.services.keys import Issuer
from bridge.services.purchases import Order
from bridge.settings.loading import load
from bridge.storage import catalog, licenses, usage
from bridge.storage.audits import Actor
from bridge.storage.usage import Use

_ACTOR = Actor("demo")
_DAYS = 30
_CUSTOMERS = ("Lena Lakes", "Otto Oaks", "Pia Pines", "Quin Quays", "Ravi Roads", "Tess Trails")
_VERSIONS = ((30, "1.0.0"), (21, "1.1.0"), (8, "1.2.0"))
_CMS = ("joomla 5.3", "joomla 5.3", "joomla 6.0", "joomla 4.4", "")
_PHP = ("8.2", "8.3", "8.3", "8.1", "")


def fill(config: Path) -> None:
    """Write it into the demo's database, beside the running bridge."""
    parts = Parts(load(config))
    try:
        with parts.open_session() as session:
            _sell(parts, session)
            _use(parts, session)
    finally:
        parts.close()


def _sell(parts: Parts, session: Any) -> None:
    now, owner = parts.clock(), catalog.owner_by_name(session, "acme")
    assert owner is not None, "the demo has it"
    sold: dict[str, Package] = {each.name: each for each in licenses.packages_of(session, owner.id)}
    for number, name in enumerate(_CUSTOMERS):
        at = now - timedelta(days=345 - 5 * number if number < 4 else 3)  # some end soon
        by = Issuer(_ACTOR, at, parts.entropy, parts.settings.bridge.key_prefix)
        mail = f"{name.split()[0].lower()}@customers.example"
        wanted = KeyInput(customer_name=name, customer_email=mail, domains=(f"{name.split()[1].lower()}.example",))
        if number == len(_CUSTOMERS) - 1:
            order = Order("shop", "A-1042", wanted, price=purchases.price("49.00", "EUR"))
            purchases.sell(session, sold["Standard"], order, by)
        else:
            keys.issue(session, sold["Standard"], wanted, by)
    by = Issuer(_ACTOR, now - timedelta(days=40), parts.entropy, parts.settings.bridge.key_prefix)
    many = KeyInput(customer_name="Web Works", customer_email="sites@webworks.example")
    domains = ["baker.example", "florist.example", "garage.example", "school.example"]
    key_batches.issue_for_each(session, sold["Standard"], many, domains, by)
    payment_accounts.open_account(
        session, owner.id, "stripe", Standing(mode="test"),
        label="", api_key="", since=now, vault=parts.vault, entropy=parts.entropy, actor=_ACTOR, now=now,
    )  # fmt: skip


def _use(parts: Parts, session: Any) -> None:
    chance, counts = random.Random(7), Counter[Use]()
    found = catalog.repo_by_name(session, "acme", "mod-weather")
    assert found is not None, "the demo has it"
    repo_id, today = found[0].id, parts.clock().date()
    for back in range(_DAYS):
        day = today - timedelta(days=back)
        for site in range(60 - back):
            name, cms, php = f"site{site}.example", _CMS[site % 5], _PHP[site % 4]
            counts[Use(day, repo_id, "feed", "valid", 1 + site % 3, name, "", cms, php)] += chance.randint(1, 4)
            version = next(version for since, version in reversed(_VERSIONS) if back <= since)
            if chance.random() < (0.5 if back in {7, 8, 20, 21} else 0.1):
                counts[Use(day, repo_id, "download", "valid", 1 + site % 3, name, version, cms, php)] += 1
        counts[Use(day, repo_id, "version", "valid", 1, "erp.example", "", "dolibarr 20", "8.1")] += chance.randint(
            2, 9
        )
        counts[Use(day, repo_id, "feed", Code.EXPIRED, 0, "", "", "", "")] += chance.randint(0, 9)
        counts[Use(day, repo_id, "download", Code.MISSING, 0, "", "", "", "")] += chance.randint(0, 4)
    usage.add(session, +counts)
