"""A pretend PayPal that people can pay at."""

from collections.abc import Iterable, Mapping

from bridge.payments.pretend.paypal_api import PretendPayPal
from bridge.payments.pretend.paypal_subscriptions import PayPalSubscriptions
from bridge.payments.pretend.paypal_world import Thing
from bridge.payments.pretend.till import Till

_ORDER, _SUBSCRIPTION = "checkout-order", "subscription"


class PretendPayPalCheckout(Till, PretendPayPal):
    """Sales are orders, whose money the seller takes afterwards, and subscriptions, which are charged at once."""

    def __init__(self, world: PayPalSubscriptions, client_id: str, secret: str) -> None:
        super().__init__(world, client_id, secret)

    def costs(self, name: str) -> str:
        """What an order costs, or the plan of a subscription."""
        order = self._sale(_ORDER, name)
        if order is not None:
            return _written(order["purchase_units"][0]["amount"])
        subscription = self._sale(_SUBSCRIPTION, name)
        if subscription is None:
            return ""
        plan = self.world.get("plan", subscription["plan_id"])
        return _written(plan["billing_cycles"][-1]["pricing_scheme"]["fixed_price"])

    def _sale(self, kind: str, name: str) -> Thing | None:
        things: dict[str, Thing] = self.world.things.get(kind, {})
        return things.get(name)

    def pay(self, name: str, email: str, buyer: str) -> str:
        """Agree to an order, or to a subscription, whose first charge comes in."""
        order, subscription = self._sale(_ORDER, name), self._sale(_SUBSCRIPTION, name)
        if order is not None and order["status"] == "CREATED":
            self.world.approve(name, email, buyer)
        if subscription is not None and subscription["status"] == "APPROVAL_PENDING":
            self.world.activate(name, email, buyer)
            self.world.pay(name)
        wanted = (order or subscription or {})["wanted"]
        return f"{wanted['application_context']['return_url']}&token={name}"

    def happen(self, what: str, name: str) -> bool:
        """Give the money back, or let the buyer contest it."""
        charge = next((each for each in self.world.all_of("sale") if each["billing_agreement_id"] == name), None)
        payment = charge["id"] if charge is not None else self.world.payment_of(name)
        if what == "refund":
            (self.world.refund_sale if charge is not None else self.world.refund)(payment)
        elif what == "dispute":
            self.world.dispute(payment)
        return what in {"refund", "dispute"}

    def listeners(self, event: Thing) -> Iterable[Thing]:
        """Webhooks that want events of the type."""
        wanted = {"name": event["event_type"]}
        return [each for each in self.world.all_of("webhook") if wanted in each["event_types"]]

    def signed(self, endpoint: Thing, body: bytes) -> Mapping[str, str]:
        """PayPal's signature for the webhook, of now."""
        return self.headers(body, endpoint["id"], self.world.clock())


def _written(amount: Thing) -> str:
    return f"{amount['value']} {amount['currency_code']}"
