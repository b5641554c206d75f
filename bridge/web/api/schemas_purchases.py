"""What is sent and answered about purchases."""

from typing import Literal

from bridge.web.api.fields import Amount, Currency, Given, Line, Moment, PageQuery, Reference, Taken
from bridge.web.api.schemas_keys import PackageOfKey, State

RefundStatus = Literal["pending", "requires_action", "succeeded", "canceled", "failed"]
DisputeStatus = Literal[
    "warning_needs_response",
    "warning_under_review",
    "needs_response",
    "under_review",
    "prevented",
    "warning_closed",
    "lost",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
]


class PurchaseQuery(PageQuery):
    """Which purchases to list."""

    source: Reference | None = None
    """Only what was sold there."""
    ref: Reference | None = None
    """Only this reference."""
    customer: Line = ""
    """Part of a customer's name or mail address."""
    needs_review: bool | None = None
    """Only those that a person should look at, or only the others."""


class Purchase(Given):
    """A sale, and what is known of its money."""

    source: str
    ref: str
    status: Literal["pending", "paid", "failed"]
    """``pending``: no payment is known yet."""
    packages: list[PackageOfKey]
    customer_name: str
    customer_email: str
    amount: str | None
    currency: str | None
    paid_at: Moment | None
    valid_until: Moment | None
    """The end that was stated with the sale; ``null``: the package's term counts."""
    test: bool
    flags: list[str]
    """What people should see: ``trial``, ``past_due``, ``ends_at``, ``partial_refund``, ``inquiry``,
    ``still_renewing``, ``needs_review``."""
    needs_review: bool
    reviews: list[str]
    """Why a person should look at it, in sentences."""
    created_at: Moment


class PeriodOfPurchase(Given):
    """A time that was paid after the sale. ``paid_until`` is ``null`` for one more term."""

    period_ref: str
    paid_until: Moment | None
    paid_at: Moment | None
    amount: str | None
    currency: str | None


class RefundOfPurchase(Given):
    """Money that went back. ``payment_ref`` is empty for the sale's own payment, ``amount`` ``null`` for all of it."""

    refund_ref: str
    payment_ref: str
    amount: str | None
    currency: str | None
    status: str


class DisputeOfPurchase(Given):
    """A payment that its buyer contests."""

    dispute_ref: str
    payment_ref: str
    status: str


class KeyOfPurchase(Given):
    """One of its keys."""

    id: int
    package: PackageOfKey
    state: State
    state_reason: str
    expires_at: Moment | None
    adopted: bool
    """Whether it was there before the purchase."""


class PurchaseInFull(Purchase):
    """A purchase with everything that was told of it, and its keys."""

    cancel_at: Moment | None
    periods: list[PeriodOfPurchase]
    refunds: list[RefundOfPurchase]
    disputes: list[DisputeOfPurchase]
    keys: list[KeyOfPurchase]


class PeriodTold(Taken):
    """A period was paid."""

    period_ref: Reference
    """Its name in the shop; told again, it counts once."""
    paid_until: Moment | None = None
    """``null``: one more term of the package, from the expiry on, or from the payment where that is past."""
    paid_at: Moment | None = None
    """``null``: now."""
    amount: Amount | None = None
    currency: Currency | None = None


class RefundTold(Taken):
    """Money goes back, or did not after all."""

    refund_ref: Reference
    """Its name in the shop; told again, it counts once, with the status that is furthest along."""
    status: RefundStatus
    amount: Amount | None = None
    """``null``: all of the payment."""
    currency: Currency | None = None
    """``null``: the sale's."""
    payment_ref: Reference | None = None
    """The ``period_ref`` whose payment goes back; ``null``: the sale's own."""


class DisputeTold(Taken):
    """A buyer contests a payment."""

    dispute_ref: Reference
    status: DisputeStatus
    at: Moment | None = None
    """Since when; the latest status counts, and among those without a moment the one that is furthest along."""
    payment_ref: Reference | None = None
    """The ``period_ref`` whose payment it is about; ``null``: the purchase as a whole."""


class CancelTold(Taken):
    """No further payment will come."""

    at: Moment | None = None
    """``null``: now."""
    immediate: bool = False
    """Whether the keys end then, instead of with what was paid for."""
