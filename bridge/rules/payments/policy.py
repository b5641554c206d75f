"""What a seller decides about money: how long to wait for a late payment, what a refund or a dispute means."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal

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


_SPANS: Mapping[str, str] = MappingProxyType(
    {"grace_days": "grace", "leeway_hours": "leeway", "tolerance_s": "tolerance", "reveal_hours": "reveal"}
)
_UNITS = MappingProxyType({"days": "days", "hours": "hours", "s": "seconds"})
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "partial_refund": ("ignore", "prorate", "revoke"),
        "dispute_open": ("suspend", "ignore"),
        "cancel_now": ("keep_paid_period", "immediate"),
        "quantity_mode": ("", "keys", "sites"),
        "unmapped": ("ignore", "review"),
        "verify_mode": ("local", "postback", "both"),
    }
)
_MOST = MappingProxyType({"grace_days": 366, "leeway_hours": 24 * 31, "tolerance_s": 900, "reveal_hours": 24 * 31})
SETTINGS = (*_SPANS, *_WORDS, "notify")


class InvalidPolicy(ValueError):  # noqa: N818 - named for what happened
    """A setting that can't be; the message is a sentence for the person who wrote it."""


def checked(name: str, value: str) -> int | str:
    """A setting as it is stored. Raises `InvalidPolicy`."""
    if name in _SPANS:
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(_MOST[name])) + 1):
            raise InvalidPolicy(f"{name} is a whole number, 0 to {_MOST[name]}")
        if int(value) > _MOST[name]:
            raise InvalidPolicy(f"{name} is at most {_MOST[name]}")
        return int(value)
    if name in _WORDS:
        if value not in _WORDS[name]:
            listed = ", ".join(word or "(empty)" for word in _WORDS[name])
            raise InvalidPolicy(f"{name} is one of {listed}")
        return value
    if name == "notify":
        if value and ("@" not in value or any(sign.isspace() or not sign.isprintable() for sign in value)):
            raise InvalidPolicy("notify is a mail address, or empty for the seller's")
        return value
    raise InvalidPolicy(f"there is no setting {name}; there are {', '.join(SETTINGS)}")


def from_settings(provider: Provider, stated: Mapping[str, Any], *, test: bool = False) -> Policy:
    """The policy of an account: what was stated, and for the rest what it begins with."""
    changed: dict[str, Any] = {name: stated[name] for name in (*_WORDS, "notify") if name in stated}
    if "quantity_mode" in changed:
        changed["quantity_mode"] = changed["quantity_mode"] or None
    for name, field in _SPANS.items():
        if name in stated:
            unit = _UNITS[name.rpartition("_")[2]]
            changed[field] = timedelta(**{unit: stated[name]})
    return replace(default(provider), test_accounts=test, **changed)
