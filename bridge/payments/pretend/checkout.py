"""A pretend Stripe that people can pay at."""

from collections.abc import Iterable, Mapping

from bridge.payments import stripe_signature
from bridge.payments.pretend import paying
from bridge.payments.pretend.store import Thing
from bridge.payments.pretend.stripe_api import PretendStripe
from bridge.payments.pretend.subscriptions import StripeWorld
from bridge.payments.pretend.till import Till


class PretendCheckout(Till, PretendStripe):
    """Sales are Checkout Sessions."""

    def __init__(self, world: StripeWorld, key: str) -> None:
        super().__init__(world, key)

    def costs(self, name: str) -> str:
        """What a session costs."""
        found = self.world.things.get(name)
        if found is None or found["object"] != "checkout.session":
            return ""
        return f"{found['amount_total'] / 100:.2f} {found['currency'].upper()}"

    def pay(self, name: str, email: str, buyer: str) -> str:
        """Finish a session."""
        session = paying.pay(self.world, name, email, buyer)
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", name)

    def happen(self, what: str, name: str) -> bool:
        """Let something happen to the payment of a session."""
        if what in paying.LATER:
            paying.happens(self.world, what, name)
        return what in paying.LATER

    def listeners(self, event: Thing) -> Iterable[Thing]:
        """Endpoints that want events of the type."""
        return [each for each in self.world.of_kind("webhook_endpoint") if event["type"] in each["enabled_events"]]

    def signed(self, endpoint: Thing, body: bytes) -> Mapping[str, str]:
        """Stripe's signature, of now."""
        signature = stripe_signature.sign(body, endpoint["secret_for_tests"], self.world.clock())
        return {stripe_signature.HEADER: signature}
