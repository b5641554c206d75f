"""What a buyer does at a pretend Stripe's payment page, and what may become of it later."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bridge.payments.pretend.store import Thing
from bridge.payments.pretend.subscriptions import StripeWorld


def pay(world: StripeWorld, name: str, email: str, buyer: str) -> Thing:
    """Finish a session that was begun; paying twice is paying once. Returns it."""
    session = world.get(name)
    if session["status"] == "complete":
        return session
    session["customer_details"] = {"email": email, "name": buyer}
    if session["mode"] == "subscription":
        lines = [(line["price"], int(line.get("quantity", 1))) for line in session["wanted"]["line_items"]]
        metadata = session["wanted"].get("subscription_data", {}).get("metadata", {})
        subscription, invoice = world.open_subscription(lines, email, buyer, metadata=metadata)
        session |= {"subscription": subscription, "invoice": invoice, "customer": world.get(subscription)["customer"]}
    else:
        session["payment_intent"] = world.payment(session["amount_total"], session["currency"])
    session |= {"status": "complete", "payment_status": "paid"}
    world.emit("checkout.session.completed", name)
    return session


def _refund(world: StripeWorld, payment: str) -> None:
    world.refund(payment)


def _dispute(world: StripeWorld, payment: str) -> None:
    world.dispute(payment)


def _lose(world: StripeWorld, payment: str) -> None:
    world.dispute_becomes(_contested(world, payment), "lost")


def _win(world: StripeWorld, payment: str) -> None:
    world.dispute_becomes(_contested(world, payment), "won")


def _contested(world: StripeWorld, payment: str) -> str:
    found = [each["id"] for each in world.of_kind("dispute") if each["payment_intent"] == payment]
    return str(found[0]) if found else world.dispute(payment)


# What may happen to the payment of a session.
LATER: Mapping[str, Callable[[StripeWorld, str], None]] = MappingProxyType(
    {"refund": _refund, "dispute": _dispute, "win": _win, "lose": _lose}
)


def happens(world: StripeWorld, what: str, name: str) -> None:
    """Let something happen to the payment of a session. Raises ``KeyError`` for what nobody knows."""
    session = world.get(name)
    LATER[what](world, world.payment_of(session["invoice"] if session["subscription"] else name))
