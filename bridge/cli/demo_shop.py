"""The shop of the demo: a pretend Stripe with prices for two packages, connected as a seller connects the real one."""

from dataclasses import dataclass

from bridge.app import Parts, utc_now
from bridge.models import PaymentAccount
from bridge.payments.pretend.checkout import PretendCheckout
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.provider import Access
from bridge.services import payment_accounts as accounts
from bridge.storage import catalog, licenses
from bridge.storage.audits import Actor

OWNER, SOURCE = "acme", "stripe"
_KEY = "rk_live_the0demos0pretend0key"
# Package, amount in cents, and how often it is paid.
_PRICES = (
    ("Standard", 4900, ""),
    ("Standard", 4900, "year"),
    ("Early Access", 9900, ""),
    ("Early Access", 900, "month"),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the demo prints of it."""

    endpoint: str
    package_id: int
    price: str


def open_stripe() -> PretendCheckout:
    """A pretend Stripe that listens."""
    stripe = PretendCheckout(StripeWorld(utc_now), _KEY)
    stripe.start()
    return stripe


def connect(parts: Parts, stripe: PretendCheckout) -> Shop:
    """Connect the owner's account, and say which price is which package."""
    actor, now = Actor("demo"), parts.clock()
    provider = parts.providers["stripe"]
    with parts.open_session() as session:
        owner = catalog.owner_by_name(session, OWNER)
        assert owner is not None, "the demo's repos were refreshed"
        account = accounts.open_account(
            session,
            owner.id,
            "stripe",
            provider.standing(Access(mode="", api_key=_KEY)),
            label="",
            api_key=_KEY,
            since=None,
            vault=parts.vault,
            entropy=parts.entropy,
            actor=actor,
            now=now,
        )
        url = f"{parts.settings.bridge.public_url}/-/licensing/hooks/stripe/{account.endpoint}"
        made = provider.connect(Access(account.mode, _KEY), url)
        accounts.remember_endpoint(session, account, made)
        accounts.add_secret(session, account, made.secret, parts.vault, actor, now)
        return _map_prices(parts, session, account, stripe, actor)


def _map_prices(parts: Parts, session: object, account: PaymentAccount, stripe: PretendCheckout, actor: Actor) -> Shop:
    world, shops = stripe.world, []
    for name, amount, interval in _PRICES:
        world.price(world.product(name), amount, interval=interval)
    for price in parts.providers["stripe"].prices(Access(account.mode, _KEY)):
        package = licenses.package_by_name(session, account.owner_id, None, price.name)  # type: ignore[arg-type]
        assert package is not None, "the demo's packages were made"
        now = parts.clock()
        accounts.put_map(session, account, price.ref, package, quantity_mode="", price=price, actor=actor, now=now)
        shops.append((price, Shop(account.endpoint, package.id or 0, price.ref)))
    return next(shop for price, shop in shops if price.name == "Standard" and not price.recurring)
