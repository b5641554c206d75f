"""A shop: an owner who sells one package through an account at a pretend Stripe, and what that Stripe tells of it.

The account has no API key, so what is told is all there is: the worker waits for nobody and writes as fast as it can,
which is the most that the doors ever meet beside them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bridge.models import Owner, PriceMap
from bridge.parts import Parts
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.provider import Standing
from bridge.rules.variables import OwnerSettings
from bridge.services import packages, payment_accounts, payment_door
from bridge.services.packages import PackageInput, term_from_text
from bridge.settings import Settings
from bridge.settings.schema import BridgeSettings
from bridge.storage import payment_accounts as account_rows
from bridge.storage import payment_events, schema
from bridge.storage.audits import Actor
from tools.bench.scene import OWNER, PUBLIC_URL

OWNER_ID = 7
SECRET = "whsec_a0secret0of0the0bench"
# Longer ago than anything that is told here.
_SELLS_FOR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Shop:
    """A prepared directory with ``bridge.db``. ``price`` is a monthly one; ``sale`` tells of a single purchase."""

    directory: Path
    endpoint: str
    account_id: int
    world: StripeWorld
    price: str
    sale: str

    @property
    def door(self) -> str:
        """The path that deliveries go to."""
        return f"/-/licensing/hooks/stripe/{self.endpoint}"

    def sales(self, first: int, many: int) -> Iterator[str]:
        """So many deliveries, each of another purchase by another buyer."""
        for number in range(first, first + many):
            yield self.sale.replace("00000001", f"{number:08d}")


def parts_of(directory: Path) -> Parts:
    """The bridge's parts on the database of a directory. The caller closes them."""
    return Parts(Settings(bridge=BridgeSettings(public_url=PUBLIC_URL, owners=[OWNER], data_dir=directory)))


def open_shop(parts: Parts, directory: Path) -> Shop:
    """Open the shop in an empty directory."""
    schema.upgrade(parts.engine)
    world = StripeWorld(parts.clock)
    price = world.price(world.product("Weather"), 4900, interval="month")
    actor, now = Actor("bench"), parts.clock()
    with parts.open_session() as session:
        session.add(Owner(id=OWNER_ID, name=OWNER, kind="org"))
        session.flush()
        wanted = PackageInput(name="Standard", term=term_from_text("annual"))
        package = packages.create(session, OWNER_ID, wanted, OwnerSettings(), actor, now)
        account = payment_accounts.open_account(
            session, OWNER_ID, "stripe", Standing(mode="live"), label="", api_key="", since=now - _SELLS_FOR,
            vault=parts.vault, entropy=parts.entropy, actor=actor, now=now,
        )  # fmt: skip
        payment_accounts.add_secret(session, account, SECRET, parts.vault, actor, now)
        row = PriceMap(account_id=account.id or 0, match_type="price", match_value=price, package_id=package.id or 0)
        account_rows.put_map(session, row)
        return Shop(directory, account.endpoint, account.id or 0, world, price, _sale(parts))


def _sale(parts: Parts) -> str:
    """What Stripe tells of a purchase, with the number 1 in every name; it names its package itself."""
    world = StripeWorld(parts.clock)
    once = world.price(world.product("Weather"), 4900)
    world.buy([(once, 1)], email="ann00000001@customers.example", metadata={"licence_package": "Standard"})
    told = world.events[-1]
    session = told["data"]["object"]
    text = text_of(told)
    for name in (told["id"], session["id"], session["payment_intent"]):
        text = text.replace(name, f"{name.partition('_')[0]}_00000001")
    return text


def text_of(event: dict[str, Any]) -> str:
    """An event as it is delivered."""
    return json.dumps(event)


def tell(parts: Parts, shop: Shop, told: Iterator[str]) -> None:
    """Put deliveries into the inbox as its door does, all in one transaction."""
    provider, now = parts.providers["stripe"], parts.clock()
    with parts.open_session() as session:
        for text in told:
            row = payment_door.event_row(shop.account_id, provider.parse(text.encode(), {}), "webhook", now)
            payment_events.take_in(session, row)
