"""An owner who sells by PayPal: as `payment_shops`, beside a pretend PayPal on a loopback port."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from support.bridges import Clock
from support.payment_shops import ACME, OTHER, STARTED, Account, Message, Shop

from bridge.models import Owner, PriceMap
from bridge.parts import Edge, Parts
from bridge.payments.paypal_periods import LINE
from bridge.payments.pretend.paypal_api import PretendPayPal
from bridge.payments.pretend.paypal_subscriptions import PayPalSubscriptions
from bridge.payments.pretend.paypal_world import MERCHANT
from bridge.services import payment_accounts as payment_accounts_service
from bridge.settings import Settings
from bridge.storage import licenses, payment_accounts

WEBHOOK = "9WEBHOOK0000000001"
CLIENT_ID, CLIENT_SECRET = "a0client0id0for0the0tests", "a0client0secret0for0the0tests"
PRICE = 4900


@dataclass
class PayPalShop(Shop):
    """What a test drives."""

    world: PayPalSubscriptions  # type: ignore[assignment]
    api: PretendPayPal  # type: ignore[assignment]
    costs: dict[str, tuple[int, str]] = field(default_factory=dict)  # word: what is asked for it

    def holdings(self, secret: str) -> dict[str, Any]:
        """What an account of this provider holds."""
        api_key = self.parts.vault.close_up(CLIENT_SECRET)
        named = {"client_id": CLIENT_ID, "provider_ref": MERCHANT, "webhook_ref": secret}
        return {"provider": "paypal", "api_key": api_key, **named}

    def connect(
        self, owner_id: int = ACME, *, mode: str = "live", source: str = "paypal", secret: str = WEBHOOK, **more: Any
    ) -> Account:
        """An account in the database."""
        return super().connect(owner_id, mode=mode, source=source, secret=secret, **more)

    def units(self, ref: str) -> dict[str, int] | None:
        """How many PayPal says are subscribed to."""
        found = self.world.things.get("subscription", {}).get(ref)
        return {LINE: int(found["quantity"])} if found else None

    def sku(self, package: str = "Pro", amount: int = PRICE, currency: str = "EUR", word: str = "") -> str:
        """A word for a package, with what is asked for it."""
        word = word or package.lower()
        self.costs[word] = (amount, currency)
        if package not in self.tiers:
            self.package(package)
        self.map(word, package, "price")
        return word

    def plan(self, package: str = "Pro", amount: int = 900, **more: Any) -> str:
        """A plan at PayPal that is mapped to a package."""
        found = self.world.plan(self.world.product(package), amount, **more)
        if package not in self.tiers:
            self.package(package)
        self.map(found, package, "plan")
        return found

    def _map(self, match: str, value: str, package: str) -> None:
        amount, currency = self.costs.get(value, (None, ""))
        with self.session() as session:
            named = licenses.package_by_name(session, self.owner_id, None, package)
            assert named is not None
            row = PriceMap(
                account_id=self.account.id,
                match_type=match,
                match_value=value,
                package_id=named.id or 0,
                recurring=match == "plan",
                amount_minor=amount,
                currency=currency,
            )
            payment_accounts.put_map(session, row)

    def buy(self, package: str = "Pro", quantity: int = 1, **more: Any) -> str:
        """Buy a package once; returns the order."""
        word = package.lower()
        if word not in self.costs:
            self.sku(package)
        return self.world.buy([(word, quantity, self.costs[word][0])], currency=self.costs[word][1], **more)

    def subscribe(self, package: str = "Pro", quantity: int = 1, plan: str = "", **more: Any) -> str:
        """Subscribe to a package; returns the subscription."""
        return self.world.subscribe(plan or self.plan(package), quantity=quantity, **more)

    def replay(self) -> None:
        """Read again what was ignored, as after a change of the map."""
        with self.session() as session:
            payment_accounts_service.redrive(session, self.row(), self.clock())
        self.work()

    def forget_what_was_fetched(self) -> None:
        """As a worker that was just started."""
        self.parts.__dict__.pop("providers", None)
        self.parts.__dict__.pop("payment_inbox", None)

    def post(
        self,
        body: bytes | Message,
        *,
        account: Account | None = None,
        headers: dict[str, str] | None = None,
        at: datetime | None = None,
        client: FlaskClient | None = None,
        **_more: Any,
    ) -> int:
        """Deliver; returns the status of the answer. ``headers`` replace the right ones."""
        account = account or self.account
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = self.api.headers(raw, account.secret, at or self.clock()) if headers is None else headers
        address = f"/-/licensing/hooks/paypal/{account.endpoint}"
        answer = (client or self.client()).post(address, data=raw, headers={**sent, "Content-Type": "application/json"})
        return answer.status_code


def open_paypal_shop(database_url: str, directory: Path) -> PayPalShop:
    """A shop with a live account of the owner acme."""
    clock = Clock(STARTED)
    world = PayPalSubscriptions(clock)
    api = PretendPayPal(world, CLIENT_ID, CLIENT_SECRET)
    api.start()
    settings = Settings(
        bridge={"public_url": "https://git.example.com", "owners": ["acme", "other"], "data_dir": directory / "data"},
        database={"url": database_url},
        payments={"paypal_url": api.base_url},
    )
    shop = PayPalShop(Parts(settings, Edge(clock=clock)), clock, world, api)
    with shop.session() as session:
        for id_, name in ((ACME, "acme"), (OTHER, "other")):
            session.add(Owner(id=id_, name=name, kind="org"))
    shop.account = shop.connect()
    return shop
