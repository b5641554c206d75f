"""What an event of Stripe comes to: the object is fetched (or, without a key, taken as pushed) and told as reports."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.payments import stripe_objects as objects
from bridge.payments import stripe_reports as reports
from bridge.payments.provider import Desk, NotTheirsError, UnknownShapeError
from bridge.payments.stripe_objects import Json
from bridge.rules.payments.facts import EVERY_LINE, Version
from bridge.rules.payments.reports import Buyer, Name, Notice, Offer, Reading, Report, Why

if TYPE_CHECKING:  # Stripe's library takes a second and 40 MB, and a door that only takes in needs none of it
    from bridge.payments.stripe_client import StripeApi

NOTHING_SOLD = Reading(why=Why.NOT_A_SALE, reason="nothing was sold: no payment and no subscription")
_STANDALONE = Reading(
    why=Why.NOT_A_SALE, reason="the invoice is no subscription's; a one-time sale tells by its session"
)

_SESSION = ("line_items.data.price.product", "payment_intent.latest_charge")
_SUBSCRIPTION = ("items.data.price.product",)
_INVOICE = ("payments",)


class Pulled:
    """Reads by asking Stripe; the event only says what to look at."""

    def __init__(self, api: "StripeApi", desk: Desk) -> None:
        self._api = api
        self._desk = desk
        self._version = Version(ticket=desk.ticket)

    def session(self, name: str, *, failed: bool = False) -> Reading:
        """A session, and the subscription that it opened."""
        session = self._session(name)
        report = reports.of_session(session, _paid_at(session), failed=failed)
        if report is None:
            return NOTHING_SOLD
        if not report.subscription:
            return Reading((report,), _failures(report, failed))
        names, first = report.offers[EVERY_LINE].names, objects.ref(session.get("invoice"))
        found = [report, self._subscription(report.ref, names, report.buyer)]
        if first:
            found += self._invoice(first)
        return Reading(tuple(found), _failures(report, failed))

    def subscription(self, name: str) -> Reading:
        """A subscription."""
        report = self._subscription(name)
        if all(map(self._desk.is_mapped, _whole_offers(report))):
            return Reading((report,))
        return Reading((*self._sessions(subscription=name), report))

    def invoice(self, name: str) -> Reading:
        """A paid invoice, and its subscription as it is since."""
        found = self._invoice(name)
        if not found:
            return _STANDALONE
        return Reading((*self.subscription(found[0].ref).reports, *found))

    def unpaid_invoice(self, name: str) -> Reading:
        """An invoice that was not paid: its subscription may be another since, and somebody should know."""
        subscription = objects.subscription_of_invoice(self._api.get(f"/v1/invoices/{name}"))
        if not subscription:
            return _STANDALONE
        notice = Notice("payment_failed", name, ref=subscription)
        return replace(self.subscription(subscription), notices=(notice,))

    def invoice_payment(self, name: str) -> Reading:
        """A payment of an invoice."""
        payment = self._api.get(f"/v1/invoice_payments/{name}")
        return self.invoice(objects.ref(payment.get("invoice")))

    def refund(self, name: str) -> Reading:
        """A refund, and whose money it is."""
        report = reports.of_refund(self._api.get(f"/v1/refunds/{name}"))
        return self._with_sale(report)

    def charge(self, name: str) -> Reading:
        """A charge of which something was refunded."""
        return self._with_sale(reports.of_charge(self._api.get(f"/v1/charges/{name}")))

    def dispute(self, name: str) -> Reading:
        """A dispute, and whose money it is."""
        return self._with_sale(reports.of_dispute(self._api.get(f"/v1/disputes/{name}"), self._version))

    def warning(self, name: str) -> Reading:
        """A payment that its bank takes for fraud; no money moved yet."""
        return _warned(self._api.get(f"/v1/radar/early_fraud_warnings/{name}"))

    def _session(self, name: str) -> Json:
        session = self._api.get(f"/v1/checkout/sessions/{name}", expand=list(_SESSION))
        lines = f"/v1/checkout/sessions/{name}/line_items"
        return self._api.completed(session, "line_items", lines, expand=["data.price.product"])

    def _subscription(self, name: str, more: tuple[Name, ...] = (), buyer: Buyer | None = None) -> Report:
        found = self._api.get(f"/v1/subscriptions/{name}", expand=list(_SUBSCRIPTION))
        all_items = self._api.completed(
            found, "items", "/v1/subscription_items", subscription=name, expand=["data.price.product"]
        )
        return reports.of_subscription(all_items, self._version, more, buyer)

    def _invoice(self, name: str) -> list[Report]:
        invoice = self._api.get(f"/v1/invoices/{name}", expand=list(_INVOICE))
        report = reports.of_invoice(self._api.completed(invoice, "lines", f"/v1/invoices/{name}/lines"))
        if report is None:
            return []
        return [report if report.buyer.email else replace(report, buyer=self._buyer(report.buyer))]

    def _buyer(self, told: Buyer) -> Buyer:
        """The customer's own address, where the invoice has none. A customer who was deleted has none either."""
        try:
            customer = self._api.get(f"/v1/customers/{told.ref}") if told.ref else {}
        except NotTheirsError:
            return told
        return Buyer(objects.text(customer.get("email")), told.name or objects.text(customer.get("name")), told.ref)

    def _sessions(self, **of: str) -> tuple[Report, ...]:
        found = self._api.get("/v1/checkout/sessions", limit=1, **of)
        return tuple(report for each in objects.listed(found) for report in self.session(objects.ref(each)).reports)

    def _with_sale(self, report: Report) -> Reading:
        """What was told of a payment; with its sale, where nobody here has heard of that payment yet."""
        name = getattr(report.facts[0], "payment_ref", "")
        if self._desk.knows_payment(name) or not name.startswith("pi_"):
            return Reading((report,))
        payment = {"type": "payment_intent", "payment_intent": name}
        found: list[Report] = []
        for each in objects.listed(self._api.get("/v1/invoice_payments", payment=payment)):
            invoice = self._api.get(f"/v1/invoices/{objects.ref(each.get('invoice'))}", expand=list(_INVOICE))
            if objects.subscription_of_invoice(invoice):
                found += self.invoice(objects.ref(invoice)).reports
        return Reading((*(found or self._sessions(payment_intent=name)), report))


class Pushed:
    """Reads what was pushed, for an account without a key. Lines of a session are never pushed."""

    def __init__(self, thing: Json, created: datetime, event_id: str) -> None:
        self._thing = thing
        self._created = created
        self._version = Version(created=created, event_id=event_id)

    def session(self, _name: str, *, failed: bool = False) -> Reading:
        """A session."""
        report = reports.of_session(self._thing, self._created, failed=failed)
        return Reading((report,), _failures(report, failed)) if report else NOTHING_SOLD

    def subscription(self, _name: str) -> Reading:
        """A subscription."""
        return Reading((reports.of_subscription(self._thing, self._version),))

    def invoice(self, _name: str) -> Reading:
        """A paid invoice."""
        report = reports.of_invoice(self._thing)
        return Reading((report,)) if report else _STANDALONE

    def unpaid_invoice(self, name: str) -> Reading:
        """An invoice that was not paid."""
        subscription = objects.subscription_of_invoice(self._thing)
        notices = (Notice("payment_failed", name, ref=subscription),)
        return Reading(notices=notices) if subscription else _STANDALONE

    def invoice_payment(self, _name: str) -> Reading:
        """A payment of an invoice."""
        return Reading((reports.of_invoice_payment(self._thing),))

    def refund(self, _name: str) -> Reading:
        """A refund."""
        return Reading((reports.of_refund(self._thing),))

    def charge(self, _name: str) -> Reading:
        """A charge of which something was refunded."""
        return Reading((reports.of_charge(self._thing),))

    def dispute(self, _name: str) -> Reading:
        """A dispute."""
        return Reading((reports.of_dispute(self._thing, self._version),))

    def warning(self, _name: str) -> Reading:
        """A payment that its bank takes for fraud."""
        return _warned(self._thing)


Reader = Pulled | Pushed
READ: Mapping[str, Callable[[Any, str], Reading]] = {
    "checkout.session.completed": lambda by, name: by.session(name),
    "checkout.session.async_payment_succeeded": lambda by, name: by.session(name),
    "checkout.session.async_payment_failed": lambda by, name: by.session(name, failed=True),
    "invoice.paid": lambda by, name: by.invoice(name),
    "invoice.payment_failed": lambda by, name: by.unpaid_invoice(name),
    "invoice_payment.paid": lambda by, name: by.invoice_payment(name),
    "customer.subscription.created": lambda by, name: by.subscription(name),
    "customer.subscription.updated": lambda by, name: by.subscription(name),
    "customer.subscription.deleted": lambda by, name: by.subscription(name),
    "customer.subscription.paused": lambda by, name: by.subscription(name),
    "customer.subscription.resumed": lambda by, name: by.subscription(name),
    "refund.created": lambda by, name: by.refund(name),
    "refund.updated": lambda by, name: by.refund(name),
    "refund.failed": lambda by, name: by.refund(name),
    "charge.refunded": lambda by, name: by.charge(name),
    "charge.dispute.created": lambda by, name: by.dispute(name),
    "charge.dispute.updated": lambda by, name: by.dispute(name),
    "charge.dispute.closed": lambda by, name: by.dispute(name),
    "charge.dispute.funds_reinstated": lambda by, name: by.dispute(name),
    "radar.early_fraud_warning.created": lambda by, name: by.warning(name),
}


def _paid_at(session: Json) -> datetime:
    """When the charge was made; without one (nothing was to pay, or another kind of payment) when the session was."""
    payment = session.get("payment_intent")
    charge = payment.get("latest_charge") if isinstance(payment, dict) else None
    told = objects.moment(charge.get("created")) if isinstance(charge, dict) else None
    return told or objects.must_moment(session, "created")


def _failures(report: Report, failed: bool) -> tuple[Notice, ...]:
    return (Notice("sale_failed", report.ref, ref=report.ref),) if failed else ()


def _warned(warning: Json) -> Reading:
    payment = objects.payment_name(warning)
    if not payment:
        raise UnknownShapeError("the fraud warning names no payment")
    return Reading(notices=(Notice("fraud_warning", objects.ref(warning), payment_ref=payment),))


def _whole_offers(report: Report) -> list[Offer]:
    every = report.offers.get(EVERY_LINE, Offer())
    return [offer.with_more(every.names) for line, offer in report.offers.items() if line != EVERY_LINE]
