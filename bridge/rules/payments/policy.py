"""What a seller decides about money: how long to wait for a late payment, what a refund or a dispute means."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bridge.rules.payments.sold import QuantityMode

Provider = Literal["stripe", "paypal", "generic"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of a payment account, with their defaults.

    ``leeway`` bridges the hours between the end of a subscription's period and its next charge; ``grace`` comes on top
    while the provider still tries to collect. ``quantity_mode`` None: keys for a sale, sites for a subscription.
    """

    grace: timedelta = timedelta(days=7)
    leeway: timedelta = timedelta(hours=72)
    partial_refund: Literal["ignore", "prorate", "revoke"] = "ignore"
    dispute_open: Literal["suspend", "ignore"] = "suspend"
    inquiry: Literal["notify"] = "notify"
    cancel_now: Literal["keep_paid_period", "immediate"] = "keep_paid_period"
    quantity_mode: QuantityMode | None = None
    unmapped: Literal["ignore", "review"] = "ignore"
    test_accounts: bool = False
    verify_mode: Literal["local", "postback", "both"] = "local"
    tolerance: timedelta = timedelta(seconds=600)
    reveal: timedelta = timedelta(hours=72)
    notify: str = ""

    def __post_init__(self) -> None:
        if min(self.grace, self.leeway, self.tolerance, self.reveal) < timedelta():
            raise ValueError("a span of time can't be negative")


def default(provider: Provider) -> Policy:
    """Return the policy that an account begins with. PayPal tries a failed payment twice, five days apart."""
    return Policy(grace=timedelta(days=12)) if provider == "paypal" else Policy()
