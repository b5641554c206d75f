"""The shop of the demo: a pretend Stripe and a pretend PayPal that sell two packages, connected as real ones are."""

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.models import PaymentAccount
from bridge.parts import Parts, utc_now
from bridge.payments.pretend.checkout import PretendCheckout
from bridge.payments.pretend.paypal_checkout import PretendPayPalCheckout
from bridge.payments.pretend.paypal_subscriptions import PayPalSubscriptions
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.provider import Access
from bridge.services import payment_access
from bridge.services import payment_accounts as accounts
from bridge.storage import catalog, licenses
from bridge.storage.audits import Actor

OWNER = "acme"
_KEY = "rk_live_the0demos0pretend0key"
_CLIENT_ID, _SECRET = "the0demos0pretend0client0id", "the0demos0pretend0client0secret"
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


@dataclass(frozen=True, slots=True)
class Tills:
    """The pretend providers, listening."""

    stripe: PretendCheckout
    paypal: PretendPayPalCheckout

    def stop(self) -> None:
        """Listen no more."""
        self.stripe.stop()
        self.paypal.stop()


def open_tills() -> Tills:
    """Both of them."""
    stripe = PretendCheckout(StripeWorld(utc_now), _KEY)
    paypal = PretendPayPalCheckout(PayPalSubscriptions(utc_now), _CLIENT_ID, _SECRET)
    stripe.start()
    paypal.start()
    return Tills(stripe, paypal)


def connect(parts: Parts, tills: Tills) -> Shop:
    """Connect the owner's accounts, and say which price is which package. What is told is of Stripe's first price."""
    account = _connected(parts, "stripe", _KEY)
    shop = _map(parts, account, _stripe_prices(tills.stripe.world))
    account = _connected(parts, "paypal", _SECRET, _CLIENT_ID)
    _map(parts, account, _paypal_prices(tills.paypal.world))
    return shop


def _connected(parts: Parts, name: str, api_key: str, client_id: str = "") -> PaymentAccount:
    actor, now, provider = Actor("demo"), parts.clock(), parts.providers[name]
    standing = provider.standing(Access(mode="", api_key=api_key, client_id=client_id))
    with parts.open_session() as session:
        owner = catalog.owner_by_name(session, OWNER)
        assert owner is not None, "the demo's repos were refreshed"
        account = accounts.open_account(
            session,
            owner.id,
            name,
            standing,
            label="",
            api_key=api_key,
            client_id=client_id,
            since=None,
            vault=parts.vault,
            entropy=parts.entropy,
            actor=actor,
            now=now,
        )
        url = f"{parts.settings.bridge.public_url}/-/licensing/hooks/{name}/{account.endpoint}"
        made = provider.connect(payment_access.access_of(account, parts.vault), url)
        accounts.remember_endpoint(session, account, made)
        accounts.add_secret(session, account, made.secret, parts.vault, actor, now)
        session.refresh(account)
        session.expunge(account)
        return account


def _stripe_prices(world: StripeWorld) -> Iterator[tuple[str, str, str]]:
    """Package, what it is called at Stripe, and nothing: Stripe says what it costs."""
    for package, amount, interval in _PRICES:
        yield package, world.price(world.product(package), amount, interval=interval), ""


def _paypal_prices(world: PayPalSubscriptions) -> Iterator[tuple[str, str, str]]:
    """Package, its plan or a word of ours, and what it costs where only the seller knows."""
    for package, amount, interval in _PRICES:
        if interval:
            yield package, world.plan(world.product(package), amount, interval.upper()), ""
        else:
            yield package, f"{package.lower().replace(' ', '-')}-once", f"{amount / 100:.2f} EUR"


def _map(parts: Parts, account: PaymentAccount, sold: Iterator[tuple[str, str, str]]) -> Shop:
    """Say which is which; what is told is of the first."""
    shops = []
    for name, value, stated in sold:
        price = parts.payment_sales.price_of(account, value, stated)
        with parts.open_session() as session:
            package = licenses.package_by_name(session, account.owner_id, None, name)
            assert package is not None, "the demo's packages were made"
            accounts.put_map(
                session,
                account,
                value,
                package,
                quantity_mode="",
                price=price,
                actor=Actor("demo"),
                now=parts.clock(),
            )
            shops.append(Shop(account.endpoint, package.id or 0, value))
    return shops[0]
