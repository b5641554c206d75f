"""From PayPal's objects to reports: what each object says about a purchase."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bridge.payments import paypal_objects as objects
from bridge.payments import paypal_periods
from bridge.payments.paypal_periods import LINE, Payment
from bridge.payments.provider import Heard, UnknownShapeError
from bridge.payments.told import Json, inner, listed, text
from bridge.rules.payments.facts import (
    Dispute,
    Fact,
    PayLink,
    Refund,
    RefundKind,
    Sale,
    Snapshot,
    SnapshotItem,
    SoldLine,
    Version,
)
from bridge.rules.payments.reports import Name, Offer, Report

# The one line of an order, or of a part of it, whose items have no names.
WHOLE = "whole"

_PAID = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
_FAILED = frozenset({"DECLINED", "FAILED"})
REFUND_WORDS: Mapping[str, str] = MappingProxyType(
    {"COMPLETED": "succeeded", "PENDING": "pending", "CANCELLED": "canceled", "FAILED": "failed"}
)
SUBSCRIPTION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "APPROVAL_PENDING": "incomplete",
        "APPROVED": "incomplete",
        "ACTIVE": "active",
        "SUSPENDED": "paused",
        "CANCELLED": "canceled",
        "EXPIRED": "canceled",
    }
)
# Who keeps the money of a dispute that was decided. What is not listed, a person looks at.
OUTCOME_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "RESOLVED_SELLER_FAVOUR": "won",
        "CANCELED_BY_BUYER": "won",
        "DENIED": "won",
        "RESOLVED_WITH_PAYOUT": "won",
        "RESOLVED_BUYER_FAVOUR": "lost",
        "ACCEPTED": "lost",
    }
)
_OPEN_STAGES = frozenset({"CHARGEBACK", "PRE_ARBITRATION", "ARBITRATION"})


def captures_of(order: Json) -> list[Json]:
    """The payments of an order."""
    return [each for unit in listed(order.get("purchase_units")) for each in _payments(unit, "captures")]


def of_order(order: Json, merchant: str, *, failed: bool = False) -> Report:
    """An order: its lines, whether it is paid, and what went back. Who began it may have set the prices."""
    name, units = objects.must_ref(order, "id", "the order"), listed(order.get("purchase_units"))
    captures = captures_of(order)
    paid = bool(units) and all(
        any(text(each.get("status")) in _PAID for each in _payments(unit, "captures")) for unit in units
    )
    counted = [each for each in captures if text(each.get("status")) in _PAID]
    told = [objects.amount(each.get("amount")) for each in (counted if paid else units)]
    currencies = {code for _, code in told}
    amounts = [amount for amount, _ in told if amount is not None]
    whole = len(amounts) == len(told) and len(currencies) == 1
    made_at = objects.must_moment(order, "create_time", "the order")
    sale = Sale(
        sale_ref=name,
        paid=paid,
        failed=failed or (bool(captures) and all(text(each.get("status")) in _FAILED for each in captures)),
        paid_at=min(objects.must_moment(each, "create_time", "the capture") for each in counted) if paid else None,
        amount_minor=sum(amounts) if whole else None,
        currency=currencies.pop() if whole else "",
        payment_ref=objects.ref(counted[0].get("id")) if paid and len(counted) == 1 else "",
    )
    lines, offers = _lines(units)
    links = [_link(each, name) for each in counted]
    refunds = [of_refund(each).facts[0] for unit in units for each in _payments(unit, "refunds")]
    return Report(
        facts=(sale, *lines, *links, *refunds),
        ref=name,
        buyer=objects.buyer(inner(order, "payer")),
        offers=offers,
        made_at=made_at,
        order=next(filter(None, (objects.order_in(unit.get("custom_id")) for unit in units)), ""),
        asks_price=True,
        doubt="" if _is_for(units, merchant) else "the money went to another PayPal account than this one",
    )


def _payments(unit: Json, kind: str) -> list[Json]:
    return listed(inner(unit, "payments").get(kind))


def _is_for(units: Iterable[Json], merchant: str) -> bool:
    return bool(merchant) and all(text(inner(unit, "payee").get("merchant_id")) == merchant for unit in units)


def _link(capture: Json, order: str) -> Fact:
    amount, code = objects.amount(capture.get("amount"))
    return PayLink(objects.must_ref(capture, "id", "the capture"), order, amount, code)


def _lines(units: list[Json]) -> tuple[list[SoldLine], dict[str, Offer]]:
    """Lines by SKU, those of one SKU as one; a part without SKUs is a line itself, and goes by its ``custom_id``."""
    quantities: dict[str, int] = {}
    offers: dict[str, Offer] = {}
    for number, unit in enumerate(units):
        items = [item for item in listed(unit.get("items")) if text(item.get("sku"))]
        own: list[Name] = objects.names_of(unit.get("custom_id"))
        for item in items:
            sku = text(item.get("sku"))
            quantities[sku] = quantities.get(sku, 0) + objects.quantity(item.get("quantity"))
            # Beside other things, what the part as a whole is called says nothing about this one.
            offers[sku] = Offer((*objects.names_of(sku), *(own if len(items) == 1 else ())))
        if not items:
            line = f"{WHOLE}:{number}" if number else WHOLE
            quantities[line], offers[line] = 1, Offer(tuple(own))
    return [SoldLine(line, None, quantity) for line, quantity in quantities.items()], offers


def of_refund(refund: Json, kind: RefundKind = "refund") -> Report:
    """Money that goes back from a capture."""
    capture = objects.capture_of(refund)
    if not capture:
        raise UnknownShapeError("the refund leads up to no capture")
    return _refund(refund, capture, text(refund.get("status")), kind)


def of_sale_refund(refund: Json, sale: str, kind: RefundKind = "refund") -> Report:
    """Money that goes back from a payment of a subscription."""
    return _refund(refund, sale, text(refund.get("state")).upper(), kind)


def _refund(refund: Json, payment: str, status: str, kind: RefundKind) -> Report:
    amount, code = objects.amount(refund.get("amount"))
    if amount is None:
        raise UnknownShapeError("the refund has no amount")
    name = objects.must_ref(refund, "id", "the refund")
    return Report((Refund.seen(name, payment, amount, code, REFUND_WORDS.get(status, status), kind),))


def of_subscription(subscription: Json, plan: Json, paid: Iterable[Payment], version: Version, heard: Heard) -> Report:
    """A subscription as it is, with everything that was paid for it."""
    name, status = objects.must_ref(subscription, "id", "the subscription"), text(subscription.get("status"))
    plan_id, product = objects.ref(subscription.get("plan_id")), objects.ref(plan.get("product_id"))
    quantity = objects.quantity(subscription.get("quantity"))
    begun = status not in {"APPROVAL_PENDING", "APPROVED"}
    start = objects.moment(subscription.get("start_time")) or objects.moment(subscription.get("create_time"))
    over = SUBSCRIPTION_WORDS.get(status) == "canceled"
    payments = list(paid)
    snapshot = Snapshot.seen(
        name,
        _standing(subscription, status, payments),
        (SnapshotItem(LINE, None, quantity),),
        ended_at=objects.moment(subscription.get("status_update_time")) if over else None,
        version=version,
    )
    reach = paypal_periods.periods(name, start if begun else None, plan, quantity, payments, heard)
    names: list[Name] = [*([("plan", plan_id)] if plan_id else []), *([("product", product)] if product else [])]  # type: ignore[list-item]
    return Report(
        facts=(snapshot, *reach.periods),
        ref=name,
        subscription=True,
        buyer=objects.buyer(inner(subscription, "subscriber")),
        # By its plan alone, whose price the seller set: a ``custom_id`` is what a button in the buyer's browser says.
        offers={LINE: Offer(tuple(names))},
        made_at=objects.moment(subscription.get("create_time")) or start,
        order=objects.order_in(subscription.get("custom_id")),
        doubt="the buyer's subscription has a plan of its own, not the one that is for sale"
        if subscription.get("plan_overridden") is True
        else reach.doubt,
    )


def _standing(subscription: Json, status: str, payments: list[Payment]) -> str:
    """The status in the house's words. PayPal has none for a trial, nor for a charge that is tried again."""
    word = SUBSCRIPTION_WORDS.get(status, status)
    billing = inner(subscription, "billing_info")
    failed = billing.get("failed_payments_count")
    trials = [each for each in listed(billing.get("cycle_executions")) if text(each.get("tenure_type")) == "TRIAL"]
    if word == "active" and isinstance(failed, int) and failed > 0:
        return "past_due"
    if word == "paused" and isinstance(failed, int) and failed > 0:
        return "unpaid"
    if word == "active" and not payments and any(each.get("cycles_remaining") for each in trials):
        return "trialing"
    return word


def payment_of(transaction: Json) -> Payment | None:
    """A payment in the list of a subscription; ``None`` for one that did not come."""
    if text(transaction.get("status")) not in _PAID:
        return None
    amount, code = objects.amount(inner(transaction, "amount_with_breakdown").get("gross_amount"))
    name = objects.must_ref(transaction, "id", "the transaction")
    return Payment(name, objects.must_moment(transaction, "time", "the transaction"), amount, code)


def payment_of_sale(sale: Json) -> Payment | None:
    """The same as the sale itself tells it, which is sooner than the list."""
    if text(sale.get("state")) not in {"completed", "partially_refunded", "refunded"}:
        return None
    amount, code = objects.amount(sale.get("amount"))
    name = objects.must_ref(sale, "id", "the sale")
    return Payment(name, objects.must_moment(sale, "create_time", "the sale"), amount, code)


def of_dispute(dispute: Json, version: Version) -> list[Report]:
    """A payment that its buyer contests; several payments of one dispute are disputes by themselves."""
    name = objects.must_ref(dispute, "dispute_id", "the dispute")
    payments = [objects.ref(each.get("seller_transaction_id")) for each in listed(dispute.get("disputed_transactions"))]
    payments = [each for each in payments if each]
    if not payments:
        raise UnknownShapeError("the dispute names no transaction")
    word = dispute_word(dispute)
    names = [name, *(f"{name}:{payment}" for payment in payments[1:])]
    return [
        Report((Dispute.seen(each, payment, word, version),)) for each, payment in zip(names, payments, strict=True)
    ]


def dispute_word(dispute: Json) -> str:
    """What a dispute is in the house's words; PayPal's own where nobody knows it, for a person to look at."""
    stage, status = text(dispute.get("dispute_life_cycle_stage")), text(dispute.get("status"))
    inquiry = stage == "INQUIRY"
    if status == "RESOLVED":
        code = text(inner(dispute, "dispute_outcome").get("outcome_code"))
        word = OUTCOME_WORDS.get(code, f"RESOLVED {code}".strip())
        return "warning_closed" if inquiry and word == "won" else word
    if status not in {"OPEN", "WAITING_FOR_BUYER_RESPONSE", "WAITING_FOR_SELLER_RESPONSE", "UNDER_REVIEW"}:
        return status or "no status"
    word = "under_review" if status == "UNDER_REVIEW" else "needs_response"
    if inquiry:
        return f"warning_{word}"
    return word if stage in _OPEN_STAGES else stage or "no stage"
