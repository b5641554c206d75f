"""What an event of PayPal comes to: the object is fetched, whatever the event said of it, and told as reports."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bridge.payments import paypal_objects as objects
from bridge.payments import paypal_reports as reports
from bridge.payments.paypal_client import PayPalApi, RefusedRequestError, written
from bridge.payments.provider import Desk, NotTheirsError, UnknownShapeError
from bridge.payments.told import Json, inner, listed, text
from bridge.rules.payments.facts import RefundKind, Version
from bridge.rules.payments.reports import Notice, Reading, Report, Why

_STANDALONE = Reading(why=Why.NOT_A_SALE, reason="the payment is no subscription's; a one-time sale tells by its order")


class Reader:
    """Reads by asking PayPal. ``merchant``: whose account this is."""

    def __init__(self, api: PayPalApi, desk: Desk, merchant: str) -> None:
        self._api = api
        self._desk = desk
        self._merchant = merchant
        self._version = Version(ticket=desk.ticket)

    def order(self, name: str, *, failed: bool = False) -> Reading:
        """An order. One that we began, and that its buyer approved, is taken the money of: nobody else would."""
        order = self._api.get(f"/v2/checkout/orders/{name}")
        if text(order.get("status")) == "APPROVED" and not failed and self._is_ours(order):
            order = self._captured(name)
        report = reports.of_order(order, self._merchant, failed=failed)
        told = (Notice("sale_failed", name, ref=name),) if _failed(report) else ()
        return Reading((report,), told)

    def capture(self, name: str) -> Reading:
        """A payment of an order."""
        order = objects.order_of(self._api.get(f"/v2/payments/captures/{name}"))
        if not order:
            raise UnknownShapeError("the capture names no order")
        return self.order(order)

    def refund(self, name: str, kind: RefundKind = "refund") -> Reading:
        """Money that goes back from a capture, and whose it is."""
        try:
            found = self._api.get(f"/v2/payments/refunds/{name}")
        except NotTheirsError:  # a payment of a subscription is of the older generation
            return self.sale_refund(name, kind)
        report = reports.of_refund(found, kind)
        payment = str(getattr(report.facts[0], "payment_ref", ""))
        return Reading((*self._sale_of(payment), report))

    def subscription(self, name: str, sale: Json | None = None) -> Reading:
        """A subscription, with everything that was paid for it."""
        return Reading((self._told(self._api.get(f"/v1/billing/subscriptions/{name}"), sale),))

    def _told(self, found: Json, sale: Json | None = None) -> Report:
        name = objects.must_ref(found, "id", "the subscription")
        plan_id = objects.must_ref(found, "plan_id", "the subscription")
        plan = self._api.get(f"/v1/billing/plans/{plan_id}")
        listing = self._api.each(f"/v1/billing/subscriptions/{name}/transactions", "transactions", **_span(found))
        paid = [each for each in map(reports.payment_of, listing) if each is not None]
        late = reports.payment_of_sale(sale) if sale is not None else None
        if late is not None and late.ref not in {each.ref for each in paid}:
            paid.append(late)
        return reports.of_subscription(found, plan, paid, self._version, self._desk.heard_of(name))

    def unpaid_subscription(self, name: str) -> Reading:
        """A subscription whose charge failed; its buyer is told once of each failure."""
        found = self._api.get(f"/v1/billing/subscriptions/{name}")
        once = text(inner(found, "billing_info", "last_failed_payment").get("time"))
        return Reading((self._told(found),), (Notice("payment_failed", f"{name}:{once}", ref=name),))

    def sale(self, name: str) -> Reading:
        """A payment of a subscription."""
        sale = self._api.get(f"/v1/payments/sale/{name}")
        subscription = objects.ref(sale.get("billing_agreement_id"))
        return self.subscription(subscription, sale) if subscription else _STANDALONE

    def sale_refund(self, name: str, kind: RefundKind = "refund") -> Reading:
        """Money that goes back from a payment of a subscription. PayPal's reversals don't always name the payment."""
        refund = self._api.get(f"/v1/payments/refund/{name}")
        sale = objects.sale_of(refund)
        if not sale:
            raise UnknownShapeError("the refund names no sale, and PayPal does not tell it either")
        return Reading((*self._sale_of(sale), reports.of_sale_refund(refund, sale, kind)))

    def dispute(self, name: str) -> Reading:
        """A dispute, and whose money it is."""
        found = reports.of_dispute(self._api.get(f"/v1/customer/disputes/{name}"), self._version)
        sales = [each for report in found for each in self._sale_of(str(getattr(report.facts[0], "payment_ref", "")))]
        return Reading((*sales, *found))

    def _is_ours(self, order: Json) -> bool:
        return any(objects.is_ours(unit.get("custom_id")) for unit in listed(order.get("purchase_units")))

    def _captured(self, name: str) -> Json:
        """Take the money; twice is once. What can't be taken now (a card that fails) leaves the order as it is."""
        try:
            self._api.post(f"/v2/checkout/orders/{name}/capture", {}, once=f"capture-{name}")
        except RefusedRequestError as error:
            if error.issue not in {"ORDER_ALREADY_CAPTURED", "INSTRUMENT_DECLINED", "ORDER_NOT_APPROVED"}:
                raise
        return self._api.get(f"/v2/checkout/orders/{name}")

    def _sale_of(self, payment: str) -> tuple[Report, ...]:
        """The sale of a payment that nobody here has heard of yet; of either generation, or none of ours."""
        if self._desk.knows_payment(payment):
            return ()
        for look in (self.capture, self.sale):
            try:
                return look(payment).reports
            except (NotTheirsError, UnknownShapeError):  # what came of the payment counts, whatever the sale looks like
                continue
        return ()


READ: Mapping[str, Callable[[Reader, str], Reading]] = MappingProxyType(
    {
        "CHECKOUT.ORDER.APPROVED": lambda by, name: by.order(name),
        "CHECKOUT.ORDER.COMPLETED": lambda by, name: by.order(name),
        "CHECKOUT.PAYMENT-APPROVAL.REVERSED": lambda by, name: by.order(name, failed=True),
        "PAYMENT.CAPTURE.COMPLETED": lambda by, name: by.capture(name),
        "PAYMENT.CAPTURE.PENDING": lambda by, name: by.capture(name),
        "PAYMENT.CAPTURE.DENIED": lambda by, name: by.capture(name),
        "PAYMENT.CAPTURE.DECLINED": lambda by, name: by.capture(name),
        "PAYMENT.CAPTURE.REFUNDED": lambda by, name: by.refund(name),
        "PAYMENT.CAPTURE.REVERSED": lambda by, name: by.refund(name, "reversal"),
        "PAYMENT.REFUND.PENDING": lambda by, name: by.refund(name),
        "PAYMENT.REFUND.FAILED": lambda by, name: by.refund(name),
        "BILLING.SUBSCRIPTION.CREATED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.ACTIVATED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.RE-ACTIVATED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.UPDATED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.EXPIRED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.CANCELLED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.SUSPENDED": lambda by, name: by.subscription(name),
        "BILLING.SUBSCRIPTION.PAYMENT.FAILED": lambda by, name: by.unpaid_subscription(name),
        "PAYMENT.SALE.COMPLETED": lambda by, name: by.sale(name),
        "PAYMENT.SALE.PENDING": lambda by, name: by.sale(name),
        "PAYMENT.SALE.DENIED": lambda by, name: by.sale(name),
        "PAYMENT.SALE.REFUNDED": lambda by, name: by.sale_refund(name),
        "PAYMENT.SALE.REVERSED": lambda by, name: by.sale_refund(name, "reversal"),
        "CUSTOMER.DISPUTE.CREATED": lambda by, name: by.dispute(name),
        "CUSTOMER.DISPUTE.UPDATED": lambda by, name: by.dispute(name),
        "CUSTOMER.DISPUTE.RESOLVED": lambda by, name: by.dispute(name),
    }
)


def _failed(report: Report) -> bool:
    sale = report.facts[0]
    return bool(getattr(sale, "failed", False)) and not getattr(sale, "paid", False)


def _span(subscription: Json) -> dict[str, str]:
    """All time that a subscription can have been paid in."""
    made = objects.moment(subscription.get("create_time")) or objects.moment(subscription.get("start_time"))
    start = (made or datetime(2020, 1, 1, tzinfo=UTC)) - timedelta(days=1)
    return {"start_time": written(start), "end_time": written(datetime.now(UTC))}
