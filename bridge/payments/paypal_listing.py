"""What PayPal lists: events that may never have come, objects as they are now, plans, subscriptions that go on."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bridge.payments import paypal_objects as objects
from bridge.payments.paypal_client import PayPalApi, written
from bridge.payments.paypal_periods import cycles
from bridge.payments.provider import Delivery, Price, Running, UnknownShapeError
from bridge.payments.told import Json, inner, text

_PAGE = 20
_EVENTS_AT_ONCE = 100
# Transactions are listed for so long a time at once, and only after some hours.
_SPAN = timedelta(days=30)
# By PayPal's codes: what an order or a subscription was paid by, and money that goes back.
_MOVED = {
    "T0006": "PAYMENT.CAPTURE.COMPLETED",
    "T0002": "PAYMENT.SALE.COMPLETED",
    "T1107": "PAYMENT.CAPTURE.REFUNDED",
    "T1106": "PAYMENT.CAPTURE.REVERSED",
    "T1201": "PAYMENT.CAPTURE.REVERSED",
}
# In what a subscription or a dispute can differ and matter.
_SUBSCRIPTION_STATE = ("status", "plan_id", "quantity", "status_update_time")
_DISPUTE_STATE = ("status", "dispute_life_cycle_stage", "dispute_outcome")


def events(api: PayPalApi, since: datetime) -> Iterator[Json]:
    """The events of the account's app since then."""
    span = {"start_time": written(since), "end_time": written(datetime.now(UTC)), "page_size": _EVENTS_AT_ONCE}
    yield from api.each("/v1/notifications/webhooks-events", "events", **span)


def objects_now(api: PayPalApi, since: datetime) -> Iterator[Delivery]:
    """All subscriptions; disputes and payments of late. The transactions last: the app may lack them."""
    for each in _subscriptions(api, "ACTIVE,SUSPENDED,CANCELLED,EXPIRED"):
        yield _as_it_is(each, "BILLING.SUBSCRIPTION.UPDATED", "id", _SUBSCRIPTION_STATE)
    for each in api.each("/v1/customer/disputes", "items", update_time_after=written(since), page_size=50):
        yield _as_it_is(each, "CUSTOMER.DISPUTE.UPDATED", "dispute_id", _DISPUTE_STATE)
    start, end = since, datetime.now(UTC)
    while start < end:
        until = min(start + _SPAN, end)
        span = {"start_date": written(start), "end_date": written(until), "page_size": 500}
        for each in api.each("/v1/reporting/transactions", "transaction_details", **span):
            yield from _moved(inner(each, "transaction_info"))
        start = until


def _moved(transaction: Json) -> Iterator[Delivery]:
    name = objects.ref(transaction.get("transaction_id"))
    event_type = _MOVED.get(text(transaction.get("transaction_event_code")))
    if name and event_type is not None:
        state = _digest([text(transaction.get("transaction_status"))])
        yield Delivery(f"sweep:{name}:{state}", event_type, object_id=name)


def _as_it_is(thing: Json, event_type: str, name: str, matters: tuple[str, ...]) -> Delivery:
    found = objects.must_ref(thing, name, "the object")
    state = _digest([thing.get(field) for field in matters])
    return Delivery(f"sweep:{found}:{state}", event_type, object_id=found)


def _digest(values: list[object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _subscriptions(api: PayPalApi, statuses: str) -> Iterator[Json]:
    yield from api.each("/v1/billing/subscriptions", "subscriptions", statuses=statuses, page_size=_PAGE)


def running(api: PayPalApi) -> Iterator[Running]:
    """Subscriptions that did not end."""
    for each in _subscriptions(api, "ACTIVE,SUSPENDED"):
        yield Running(
            objects.must_ref(each, "id", "the subscription"),
            text(each.get("status")),
            objects.must_moment(each, "create_time", "the subscription"),
            text(inner(each, "subscriber").get("email_address")),
        )


def plans(api: PayPalApi) -> Iterator[Price]:
    """The active plans; one whose price grows with the quantity has no single one."""
    for each in api.each("/v1/billing/plans", "plans", page_size=_PAGE):
        if text(each.get("status")) != "ACTIVE":
            continue
        plan = api.get(f"/v1/billing/plans/{objects.must_ref(each, 'id', 'the plan')}")
        try:
            cycle = cycles(plan)[-1]
        except UnknownShapeError:
            continue
        yield Price(
            ref=objects.must_ref(plan, "id", "the plan"),
            product_ref=objects.ref(plan.get("product_id")),
            name=text(plan.get("name")),
            amount_minor=cycle.amount_minor,
            currency=cycle.currency,
            recurring=True,
            interval_unit=cycle.unit.lower(),
            interval_count=cycle.count,
        )
