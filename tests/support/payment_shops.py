"""An owner who sells by Stripe: a pretend Stripe on a loopback port, a bridge that is told and asks, a clock to turn.

A scenario acts in the world; what the world told is delivered, signed, through the front door, in order or shuffled.
"""

import functools
import json
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session
from support.bridges import Clock
from support.payment_keys import Books

from bridge.app import create_app
from bridge.models import LicenseKey, Owner, Package, PaymentAccount, PaymentEvent, PriceMap, WebhookSecret
from bridge.parts import Edge, Parts
from bridge.payments import stripe_signature
from bridge.payments.pretend import acacia
from bridge.payments.pretend.stripe_api import PretendStripe
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.rules import access
from bridge.rules.variables import OwnerSettings
from bridge.services import packages
from bridge.services import payment_accounts as payment_accounts_service
from bridge.services.keys import Issuer
from bridge.services.packages import PackageInput, term_from_text
from bridge.settings import Settings
from bridge.storage import licenses, payment_accounts, payment_events
from bridge.storage.audits import Actor

ACME, OTHER = 7, 8
SECRET = "whsec_a0secret0for0tests"
API_KEY = "rk_live_a0key0for0tests"
TESTER = Actor("test")
STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Message = dict[str, Any]


@dataclass
class Account:
    """An account as a test knows it."""

    id: int
    endpoint: str
    secret: str = SECRET


@dataclass
class Shop(Books):
    """What a test drives. ``pull``: the account has an API key; else what is pushed is all there is."""

    parts: Parts
    clock: Clock
    world: StripeWorld
    api: PretendStripe
    pull: bool = True
    account: Account = field(init=False)
    owner_id: int = ACME
    sells: dict[str, str] = field(default_factory=dict)  # price: name of its package
    tiers: dict[str, dict[str, Any]] = field(default_factory=dict)  # name: what its package is made of
    told: int = 0
    shape: Callable[[Message, StripeWorld], Message] | None = None

    def session(self, *, read_only: bool = False) -> AbstractContextManager[Session]:
        """One transaction."""
        return self.parts.open_session(read_only=read_only)

    @functools.cached_property
    def app(self) -> Flask:
        """The front door."""
        return create_app(self.parts.settings, self.parts)

    def client(self) -> FlaskClient:
        """Somebody at it."""
        return self.app.test_client()

    def holdings(self, secret: str) -> dict[str, Any]:
        """What an account of this provider holds."""
        return {"provider": "stripe", "api_key": self.parts.vault.close_up(API_KEY if self.pull else "")}

    def connect(
        self, owner_id: int = ACME, *, mode: str = "live", source: str = "stripe", secret: str = SECRET, **more: Any
    ) -> Account:
        """An account in the database."""
        vault = self.parts.vault
        with self.session() as session:
            row = PaymentAccount(
                owner_id=owner_id,
                mode=mode,
                source=source,
                endpoint=secrets.token_hex(16),
                created_at=self.clock(),
                **self.holdings(secret),
                **more,
            )
            session.add(row)
            session.flush()
            closed = WebhookSecret(
                account_id=row.id, secret=vault.close_up(secret), last4=secret[-4:], created_at=self.clock()
            )
            session.add(closed)
            return Account(row.id or 0, row.endpoint, secret)

    def package(self, name: str = "Pro", term: str = "annual", **more: Any) -> int:
        """A package of the owner; returns its id."""
        self.tiers[name] = {"term": term, **more}
        return self._package(name)

    def _package(self, name: str) -> int:
        more = dict(self.tiers[name])
        with self.session() as session:
            wanted = PackageInput(name=name, term=term_from_text(more.pop("term")), **more)
            return packages.create(session, self.owner_id, wanted, OwnerSettings(), TESTER, self.clock()).id or 0

    def price(self, package: str = "Pro", amount: int = 4900, interval: str = "", **more: Any) -> str:
        """A price at Stripe that is mapped to a package, which is made where it is not there."""
        price = self.world.price(self.world.product(package), amount, interval=interval, **more)
        if package not in self.tiers:
            self.package(package)
        self.map(price, package)
        return price

    def map(self, price: str, package: str, match: str = "price") -> None:
        """Map something of Stripe's to a package."""
        self.sells[f"{match} {price}"] = package
        self._map(match, price, package)

    def _map(self, match: str, value: str, package: str) -> None:
        with self.session() as session:
            repo_id = self.tiers.get(package, {}).get("repo_id")
            named = licenses.package_by_name(session, self.owner_id, repo_id, package)
            assert named is not None
            row = PriceMap(account_id=self.account.id, match_type=match, match_value=value, package_id=named.id or 0)
            payment_accounts.put_map(session, row)

    def buy(self, package: str = "Pro", quantity: int = 1, **more: Any) -> str:
        """Buy a package once; returns the session. It names its package too: what is pushed tells no lines."""
        price = next((each for each, name in self._prices() if name == package), "") or self.price(package)
        return self.world.buy([(price, quantity)], metadata={"licence_package": package}, **more)

    def subscribe(self, package: str = "Pro", quantity: int = 1, interval: str = "month", **more: Any) -> str:
        """Subscribe to a package; returns the subscription."""
        price = self.price(package, interval=interval)
        return self.world.subscribe([(price, quantity)], **more)

    def _prices(self) -> list[tuple[str, str]]:
        found = [(key.partition(" "), name) for key, name in self.sells.items()]
        return [
            (value, name)
            for (match, _, value), name in found
            if match == "price" and not self.world.get(value)["recurring"]
        ]

    def move_out(self) -> None:
        """Another owner, who sells the same by an account of the same settings: an empty book for the same world."""
        old = self.row()
        self.owner_id += 100
        with self.session() as session:
            session.add(Owner(id=self.owner_id, name=f"acme{self.owner_id}", kind="org"))
        kept = {name: getattr(old, name) for name in ("policy", "sells_since", "mode", "source")}
        self.account = self.connect(self.owner_id, **kept)
        for name in self.tiers:
            self._package(name)
        for key, name in self.sells.items():
            match, _, value = key.partition(" ")
            self._map(match, value, name)

    tester = TESTER

    def decide(self, key_id: int, *, allow_test_keys: bool = False) -> access.Decision:
        """What a key opens at a product of the owner."""
        with self.session(read_only=True) as session:
            code = licenses.codes_of(session, [key_id])[key_id][0].code
            package = licenses.package_value(session.get_one(Package, session.get_one(LicenseKey, key_id).package_id))
        key = self.parts.lookups.keys_by_code(code)[0].key
        product = access.Product(self.owner_id, 70, allow_test_keys=allow_test_keys)
        return access.decide(key, package, product, None, access.NO_SITE, self.clock())

    def renew_secret(self, secret: str) -> None:
        """A new webhook secret, as the command stores it."""
        with self.session() as session:
            row = session.get_one(PaymentAccount, self.account.id)
            payment_accounts_service.add_secret(session, row, secret, self.parts.vault, TESTER, self.clock())

    def forget_maps(self) -> None:
        """Map nothing any more."""
        with self.session() as session:
            for row in payment_accounts.maps_of(session, self.account.id):
                payment_accounts.drop_map(session, self.account.id, row.match_type, row.match_value)

    def issuer(self) -> Issuer:
        """Who issues keys by hand."""
        return Issuer(TESTER, self.clock(), secrets.token_bytes, "LIC")

    def mend(self, event_row_id: int, event: Message) -> None:
        """Let an event say something else, and be read again."""
        with self.session() as session:
            row = session.get_one(PaymentEvent, event_row_id)
            row.payload = json.dumps(event)
            session.add(row)
            session.flush()
            payment_events.replay(session, self.clock(), [event_row_id])

    def set_account(self, account: Account | None = None, **fields: Any) -> None:
        """Change columns of an account."""
        with self.session() as session:
            row = session.get_one(PaymentAccount, (account or self.account).id)
            for name, value in fields.items():
                setattr(row, name, value)
            session.add(row)

    # Deliveries.

    def post(
        self,
        body: bytes | Message,
        *,
        account: Account | None = None,
        header: str | None = None,
        client: FlaskClient | None = None,
    ) -> int:
        """Deliver; returns the status of the answer. ``header`` replaces the right signature."""
        account = account or self.account
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = stripe_signature.sign(raw, account.secret, self.clock()) if header is None else header
        return (
            (client or self.client())
            .post(
                f"/-/licensing/hooks/stripe/{account.endpoint}",
                data=raw,
                headers={"Stripe-Signature": signature, "Content-Type": "application/json"},
            )
            .status_code
        )

    def news(self) -> list[Message]:
        """What the world told since this was asked last."""
        events, self.told = self.world.events[self.told :], len(self.world.events)
        return [self.shape(event, self.world) if self.shape else event for event in events]

    def deliver(self, events: Iterable[Message] | None = None, *, work: bool = True) -> None:
        """Deliver events (without any: the news) in order, and read them."""
        client = self.client()
        for event in self.news() if events is None else events:
            assert self.post(event, client=client) == 200
        if work:
            self.work()

    def work(self) -> None:
        """Read the inbox to its end."""
        while self.parts.payment_inbox.run_next():
            pass

    def deliver_shuffled(self, events: list[Message], seed: int) -> None:
        """Deliver in some order, about half of it twice, reading now and then."""
        dice, client = Random(seed), self.client()
        several = [*events, *(event for event in events if dice.random() < 0.5)]
        dice.shuffle(several)
        for event in several:
            assert self.post(event, client=client) == 200
            if dice.random() < 0.5:
                self.work()
        self.work()

    def close(self) -> None:
        """Stop everything."""
        self.parts.close()
        self.api.stop()


def open_shop(database_url: str, directory: Path, *, pull: bool = True, livemode: bool = True) -> Shop:
    """A shop with an account of the owner acme."""
    clock = Clock(STARTED)
    world = StripeWorld(clock, livemode=livemode)
    api = PretendStripe(world, API_KEY)
    api.start()
    settings = Settings(
        bridge={"public_url": "https://git.example.com", "owners": ["acme", "other"], "data_dir": directory / "data"},
        database={"url": database_url},
        payments={"stripe_url": api.base_url},
    )
    shop = Shop(Parts(settings, Edge(clock=clock)), clock, world, api, pull)
    with shop.session() as session:
        for id_, name in ((ACME, "acme"), (OTHER, "other")):
            session.add(Owner(id=id_, name=name, kind="org"))
    shop.account = shop.connect(mode="live" if livemode else "test")
    return shop


def as_of_old(event: Message, world: StripeWorld) -> Message:
    """An event in the shape of before 2025-03-31."""
    return acacia.event(event, world)
