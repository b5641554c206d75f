"""From Stripe's objects to reports: what each object says about a purchase, whoever fetched it or pushed it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bridge.payments import stripe_objects as objects
from bridge.payments.provider import UnknownShapeError
from bridge.payments.stripe_objects import Json
from bridge.rules.payments.facts import (
    EVERY_LINE,
    Dispute,
    Fact,
    PaidPeriod,
    PayLink,
    Refund,
    RefundFloor,
    Sale,
    Snapshot,
    SnapshotItem,
    SoldLine,
    Version,
)
from bridge.rules.payments.reports import Buyer, Name, Offer, Report

# The one line of a session whose lines nobody could fetch.
WHOLE = "whole"

_PAID = {"paid", "no_payment_required"}


def of_session(session: Json, paid_at: datetime, *, failed: bool = False) -> Report | None:
    """A sale, or the opening of a subscription; ``None`` where nothing was sold (a card was saved)."""
    mode, name = session.get("mode"), objects.ref(session)
    if mode not in {"payment", "subscription"}:
        return None
    subscription = objects.ref(session.get("subscription")) if mode == "subscription" else ""
    if mode == "subscription" and not subscription:
        return None  # it is made once it is paid, and tells then
    code = objects.currency(session)
    paid = session.get("payment_status") in _PAID and session.get("status", "complete") == "complete"
    payment = objects.ref(session.get("payment_intent"))
    amount = objects.minor(session.get("amount_total"), code)
    sale = Sale(
        sale_ref=name,
        paid=paid,
        failed=failed,
        paid_at=paid_at if paid else None,
        amount_minor=amount,
        currency=code,
        payment_ref=payment,
        invoice_ref=objects.ref(session.get("invoice")),
        subscription_ref=subscription,
    )
    facts: list[Fact] = [sale]
    offers: dict[str, Offer] = {EVERY_LINE: Offer(tuple(objects.session_names(session)))}
    if not subscription:
        lines, of_lines = _sold_lines(session)
        facts, offers = [*facts, *lines], offers | of_lines
        if payment:
            facts.append(PayLink(payment, name, amount, code))
    return Report(
        facts=tuple(facts),
        ref=subscription or name,
        subscription=bool(subscription),
        buyer=objects.buyer_of_session(session),
        offers=offers,
        made_at=objects.moment(session.get("created")),
        order=objects.text(objects.metadata(session).get(objects.ORDER_WORD)),
    )


def _sold_lines(session: Json) -> tuple[list[SoldLine], dict[str, Offer]]:
    """The lines, those of one price as one; without lines the session is one itself."""
    if session.get("line_items") is None:
        return [SoldLine(WHOLE, None)], {}
    quantities: dict[str, int] = {}
    offers: dict[str, Offer] = {}
    for line in objects.listed(session.get("line_items")):
        price = objects.ref(line.get("price"))
        if not price:
            raise UnknownShapeError("a line of the session has no price")
        quantities[price] = quantities.get(price, 0) + objects.quantity(line)
        offer = objects.price_offer(line.get("price")).with_more(objects.package_names(line))
        offers[price] = offers.get(price, Offer()).with_more(offer.names)
    return [SoldLine(price, None, quantity) for price, quantity in quantities.items()], offers


def of_subscription(
    subscription: Json, version: Version, more: Iterable[Name] = (), buyer: Buyer | None = None
) -> Report:
    """A subscription as it is. ``more``: names that the sale which opened it may be mapped by."""
    name = objects.ref(subscription)
    items, offers = [], {}
    for item in objects.listed(subscription.get("items")):
        line = objects.ref(item)
        offers[line] = objects.price_offer(item.get("price") or item.get("plan")).with_more(objects.package_names(item))
        ends_at = objects.period_end_of(subscription, item)
        if ends_at is None:
            raise UnknownShapeError("neither the subscription nor its item says when the period ends")
        items.append(SnapshotItem(line, None, objects.quantity(item), ends_at))
    offers[EVERY_LINE] = Offer((*objects.package_names(subscription), *more))
    snapshot = Snapshot.seen(
        name,
        objects.text(subscription.get("status")),
        tuple(items),
        cancel_at=objects.moment(subscription.get("cancel_at")),
        cancel_at_period_end=subscription.get("cancel_at_period_end") is True,
        ended_at=objects.moment(subscription.get("ended_at")),
        version=version,
    )
    return Report(
        facts=(snapshot,),
        ref=name,
        subscription=True,
        buyer=buyer or Buyer(ref=objects.ref(subscription.get("customer"))),
        offers=offers,
        made_at=objects.moment(subscription.get("created")),
        order=objects.text(objects.metadata(subscription).get(objects.ORDER_WORD)),
    )


def of_invoice(invoice: Json) -> Report | None:
    """The periods that a paid invoice pays for; ``None`` for one that is no subscription's."""
    subscription = objects.subscription_of_invoice(invoice)
    if not subscription:
        return None
    name, code = objects.ref(invoice), objects.currency(invoice)
    parent = invoice.get("parent")
    details = parent.get("subscription_details") if isinstance(parent, dict) else invoice.get("subscription_details")
    offers: dict[str, Offer] = {EVERY_LINE: Offer(tuple(objects.package_names(details)))}
    facts: list[Fact] = []
    if objects.text(invoice.get("status")) in {"paid", ""} or invoice.get("paid") is True:
        periods, of_lines = _periods(invoice)
        facts, offers = [*periods], offers | of_lines
    facts += [PayLink(payment, name, amount, code) for payment, amount in objects.payments_of_invoice(invoice)]
    first = objects.text(invoice.get("billing_reason")) == "subscription_create"
    return Report(
        facts=tuple(facts),
        ref=subscription,
        subscription=True,
        buyer=Buyer(
            objects.text(invoice.get("customer_email")),
            objects.text(invoice.get("customer_name")),
            objects.ref(invoice.get("customer")),
        ),
        offers=offers,
        made_at=objects.moment(invoice.get("created")) if first else None,
    )


def _periods(invoice: Json) -> tuple[list[PaidPeriod], dict[str, Offer]]:
    """One period a line of the subscription: several stretches of one are added up, credits are none."""
    name, code = objects.ref(invoice), objects.currency(invoice)
    paid_at = _paid_at(invoice)
    found: dict[str, PaidPeriod] = {}
    offers: dict[str, Offer] = {}
    for line in objects.listed(invoice.get("lines")):
        item, amount = objects.item_of_line(line), objects.minor(line.get("amount"), code)
        if not item or (amount is not None and amount < 0):
            continue
        period = line.get("period")
        if not isinstance(period, dict):
            raise UnknownShapeError("a line of the invoice has no period")
        start, end = objects.must_moment(period, "start"), objects.must_moment(period, "end")
        one = PaidPeriod(name, item, start, end, paid_at, amount, code, quantity=objects.quantity(line))
        # The line whose period reaches furthest says what is paid for from now on.
        offer, earlier = objects.offer_of_line(line).with_more(objects.package_names(line)), found.get(item)
        if earlier is None or (earlier.ends_at is not None and end >= earlier.ends_at):
            offers[item] = offer
        found[item] = one if earlier is None else _added(earlier, one)
    return list(found.values()), offers


def _added(one: PaidPeriod, other: PaidPeriod) -> PaidPeriod:
    return replace(one.merged(other), amount_minor=(one.amount_minor or 0) + (other.amount_minor or 0))


def _paid_at(invoice: Json) -> datetime:
    transitions = invoice.get("status_transitions")
    told = objects.moment(transitions.get("paid_at")) if isinstance(transitions, dict) else None
    return told or objects.must_moment(invoice, "created")


def of_invoice_payment(payment: Json) -> Report:
    """A payment leads to its invoice."""
    inner, code = payment.get("payment"), objects.currency(payment)
    name = objects.payment_name(inner) if isinstance(inner, dict) else ""
    invoice = objects.ref(payment.get("invoice"))
    if not invoice:
        raise UnknownShapeError("the payment of an invoice does not name the invoice")
    amount = objects.minor(payment.get("amount_paid"), code)
    return Report((PayLink(name, invoice, amount, code),) if name else ())


def of_refund(refund: Json) -> Report:
    """Money that goes back."""
    code, payment = objects.currency(refund), objects.payment_name(refund)
    if not payment:
        raise UnknownShapeError("the refund names no payment")
    amount, status = objects.minor(refund.get("amount"), code), objects.text(refund.get("status"))
    # Refunds of some old methods have no status: the money is gone.
    return Report((Refund.seen(objects.ref(refund), payment, amount, code, status or "succeeded"),))


def of_charge(charge: Json) -> Report:
    """What a charge says of its own refunds; and, before 2022-11-15, the refunds themselves."""
    code, name = objects.currency(charge), objects.ref(charge.get("payment_intent")) or objects.ref(charge)
    total = objects.minor(charge.get("amount"), code)
    floor = RefundFloor(name, objects.minor(charge.get("amount_refunded"), code) or 0, total, code)
    facts: list[Fact] = [floor]
    for refund in objects.listed(charge.get("refunds")):
        facts += of_refund({"payment_intent": name} | dict(refund)).facts
    if objects.ref(charge.get("invoice")):
        facts.append(PayLink(name, objects.ref(charge.get("invoice")), None, code))
    return Report(tuple(facts))


def of_dispute(dispute: Json, version: Version) -> Report:
    """A payment that its buyer contests."""
    payment = objects.payment_name(dispute)
    if not payment:
        raise UnknownShapeError("the dispute names no payment")
    return Report((Dispute.seen(objects.ref(dispute), payment, objects.text(dispute.get("status")), version),))
