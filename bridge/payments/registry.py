"""The providers there are, each one made once for a process."""

from collections.abc import Mapping

from bridge.payments.paypal import PayPal
from bridge.payments.provider import Provider
from bridge.payments.stripe import Stripe

Providers = Mapping[str, Provider]


def providers(*, stripe_url: str = "", paypal_url: str = "") -> Providers:
    """All providers, by name. An address other than their own is for pretend ones."""
    return {"stripe": Stripe(stripe_url), "paypal": PayPal(paypal_url)}
