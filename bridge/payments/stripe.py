"""Stripe, as the house sees every provider."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.errors import InvalidInputError
from bridge.payments import stripe_objects as objects
from bridge.payments import stripe_signature, told
from bridge.payments.provider import (
    MOST_NAME,
    Access,
    BegunSale,
    Delivery,
    Desk,
    Endpoint,
    NoAccessError,
    Price,
    Running,
    SaleWish,
    Sign,
    Standing,
    UnknownKeyError,
    UnreadableError,
    Verdict,
)
from bridge.payments.stripe_objects import API_VERSION, Json
from bridge.payments.stripe_reading import READ, Pulled, Pushed
from bridge.rules.payments.reports import Reading

if TYPE_CHECKING:
    from bridge.payments.stripe_client import StripeApi

# Releases whose shapes were tried; those before had a date alone.
_TRIED = frozenset({"acacia", "basil", "clover", "dahlia", "endive"})
_ID = re.compile(r"[A-Za-z0-9_]{1,255}", re.ASCII)
_TYPE = re.compile(r"[a-z0-9_.]{1,120}", re.ASCII)
_KEY = re.compile(r"(?:sk|rk)_(live|test)_[A-Za-z0-9]{8,250}", re.ASCII)
# What the key has to be able to read: the list it is tried with, what a person calls it, parameters.
_NEEDED: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("/v1/checkout/sessions", "Checkout Sessions", {}),
    ("/v1/prices", "Prices", {}),
    ("/v1/products", "Products", {}),
    ("/v1/customers", "Customers", {}),
    ("/v1/payment_intents", "PaymentIntents", {}),
    ("/v1/charges", "Charges", {}),
    ("/v1/refunds", "Refunds", {}),
    ("/v1/disputes", "Disputes", {}),
    ("/v1/invoices", "Invoices", {}),
    ("/v1/subscriptions", "Subscriptions", {}),
    ("/v1/events", "Events", {}),
)
# What a sweep looks through: the list, how its objects tell, and whether only the young ones are told.
_SWEPT: tuple[tuple[str, str, bool, Mapping[str, Any]], ...] = (
    ("/v1/checkout/sessions", "checkout.session.completed", True, {"status": "complete"}),
    ("/v1/subscriptions", "customer.subscription.updated", False, {"status": "all"}),
    ("/v1/invoices", "invoice.paid", True, {"status": "paid"}),
    ("/v1/refunds", "refund.updated", True, {}),
    ("/v1/disputes", "charge.dispute.updated", True, {}),
)
# In what an object can differ and matter.
_STATE = ("status", "payment_status", "amount", "amount_paid", "cancel_at", "cancel_at_period_end", "ended_at", "items")


class Stripe:
    """Asks Stripe, at its own address or (for tests and the demo) at another one."""

    name = "stripe"
    label = "Stripe"
    api_version = API_VERSION
    events = tuple(READ)
    tried = (
        "against a pretend Stripe of its own, and each request and each kind of object against Stripe's stripe-mock"
        " (version 2026-08-26.dahlia of the API), but not yet against an account at Stripe"
    )
    proves_at_door = True

    def __init__(self, base_url: str = "") -> None:
        self._base_url = base_url

    def knows_version(self, version: str) -> bool:
        """Whether a version's shapes were tried."""
        _, dot, name = version.partition(".")
        return not dot or name in _TRIED

    def judge(self, body: bytes, headers: Mapping[str, str], sign: Sign) -> Verdict:
        """By the signature in the header."""
        header = headers.get(stripe_signature.HEADER)
        return stripe_signature.judge(body, header, sign.secrets, sign.now, sign.tolerance)

    def needs_text(self, verify: str) -> bool:  # noqa: ARG002  others need it
        """An account without an API key knows nothing but what it is told."""
        return True

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Delivery:  # noqa: ARG002  others need them
        """A whole event ("snapshot"), or one that only names its object ("thin")."""
        text, event = told.read_json(body, "the delivery is signed, but no JSON")
        if isinstance(event, dict) and event.get("object") == "event":
            return _snapshot(event, text)
        if isinstance(event, dict) and event.get("object") == "v2.core.event":
            return _thin(event, text)
        raise UnreadableError("the delivery is signed, but no event")

    def read(self, delivery: Delivery, access: Access, desk: Desk) -> Reading:
        """Fetch and tell; without a key, tell what was pushed."""
        look = READ[delivery.event_type]
        if access.api_key:
            return look(Pulled(self._api(access), desk), delivery.object_id)
        event = json.loads(delivery.text) if delivery.text else {}
        data = event.get("data")
        thing = data.get("object") if isinstance(data, dict) else None
        if not isinstance(thing, dict) or delivery.created is None:
            raise NoAccessError("the event names its object and does not show it; store an API key to have it fetched")
        return look(Pushed(thing, delivery.created, delivery.event_id), delivery.object_id)

    def poll(self, access: Access, since: datetime) -> Iterator[Delivery]:
        """The events that Stripe keeps for 30 days, newest first."""
        created = {"gte": int(since.timestamp())}
        for event in self._api(access).each("/v1/events", types=list(self.events), created=created):
            yield _snapshot(event, json.dumps(event))

    def sweep(self, access: Access, since: datetime) -> Iterator[Delivery]:
        """Sessions, invoices, refunds and disputes of late, and all subscriptions."""
        api = self._api(access)
        for path, event_type, young, params in _SWEPT:
            made = {"created": {"gte": int(since.timestamp())}} if young else {}
            for each in api.each(path, **params, **made):
                yield Delivery(
                    event_id=f"sweep:{objects.ref(each)}:{_state(each)}",
                    event_type=event_type,
                    object_type=objects.kind(each),
                    object_id=objects.ref(each),
                    livemode=each.get("livemode"),
                )

    def begin_sale(self, access: Access, wish: SaleWish) -> BegunSale:
        """A Checkout Session. What it is for stands in all metadata: Stripe copies none of it."""
        ours = {objects.PACKAGE_WORDS[0]: str(wish.package_id), objects.ORDER_WORD: wish.order}
        if wish.recurring:
            kind: dict[str, Any] = {"mode": "subscription", "subscription_data": {"metadata": ours}}
        else:
            kind = {"mode": "payment", "payment_intent_data": {"metadata": ours}, "customer_creation": "always"}
        params = {
            "line_items": [{"price": wish.price_ref, "quantity": 1}],
            "metadata": ours,
            "client_reference_id": wish.order,
            "success_url": wish.success_url,
            "cancel_url": wish.cancel_url,
            **kind,
        }
        session = self._api(access).post("/v1/checkout/sessions", params, wish.order)
        return BegunSale(objects.ref(session), str(session.get("url") or ""))

    def standing(self, access: Access) -> Standing:
        """Try the key on each list that is needed. Whose account it is may be hidden from it; that is no lack."""
        found, api, lacks = _KEY.fullmatch(access.api_key), self._api(access), []
        if found is None:
            raise InvalidInputError("api_key", "is not a secret or restricted key of Stripe, such as rk_live_…")
        try:
            account = objects.ref(api.get("/v1/account"))
        except UnknownKeyError:
            raise
        except NoAccessError:
            account = ""
        for path, name, params in _NEEDED:
            try:
                api.get(path, limit=1, **params)
            except NoAccessError:
                lacks.append(name)
        return Standing(account, found[1], tuple(lacks))

    def connect(self, access: Access, url: str) -> Endpoint:
        """Make an endpoint with the events that mean something, in the pinned version. Its secret is told only once."""
        params = {
            "url": url,
            "enabled_events": list(self.events),
            "api_version": self.api_version,
            "description": "Gitea License Bridge",
        }
        made = self._api(access).post("/v1/webhook_endpoints", params)
        return Endpoint(objects.ref(made), objects.text(made.get("api_version")), str(made.get("secret") or ""))

    def disconnect(self, access: Access) -> None:
        """Take the endpoint away."""
        if access.webhook_ref and access.api_key:
            self._api(access).delete(f"/v1/webhook_endpoints/{access.webhook_ref}")

    def prices(self, access: Access) -> Iterator[Price]:
        """The prices that are active."""
        for each in self._api(access).each("/v1/prices", active=True, expand=["data.product"]):
            recurring, product = each.get("recurring"), each.get("product")
            every = recurring if isinstance(recurring, dict) else {}
            code = objects.currency(each)
            yield Price(
                ref=objects.ref(each),
                product_ref=objects.ref(product),
                name=objects.text(product.get("name")) if isinstance(product, dict) else "",
                amount_minor=objects.minor(each.get("unit_amount"), code),
                currency=code,
                recurring=bool(every),
                interval_unit=objects.text(every.get("interval")),
                interval_count=int(every.get("interval_count") or 1),
            )

    def running(self, access: Access) -> Iterator[Running]:
        """Every subscription that did not end."""
        for each in self._api(access).each("/v1/subscriptions", expand=["data.customer"]):
            customer = each.get("customer")
            email = objects.text(customer.get("email")) if isinstance(customer, dict) else ""
            created = objects.must_moment(each, "created")
            yield Running(objects.ref(each), objects.text(each.get("status")), created, email)

    def sample(self, secret: str, now: datetime, mode: str) -> tuple[bytes, Mapping[str, str]]:  # noqa: ARG002  its own way
        """An event of a type that nobody acts on."""
        event = {
            "id": f"evt_bridge_{int(now.timestamp())}",
            "object": "event",
            "type": "bridge.test",
            "created": int(now.timestamp()),
            "api_version": self.api_version,
            "data": {"object": {"id": "test", "object": "bridge_test"}},
        }
        body = json.dumps(event).encode()
        return body, {stripe_signature.HEADER: stripe_signature.sign(body, secret, now)}

    def _api(self, access: Access) -> "StripeApi":
        from bridge.payments.stripe_client import StripeApi  # noqa: PLC0415  a second and 40 MB that no door needs

        return StripeApi(access, self._base_url)


def _snapshot(event: Json, text: str) -> Delivery:
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if not isinstance(thing, dict):
        raise UnreadableError("the event shows no object")
    return Delivery(
        event_id=_named(_ID, event, "id"),
        event_type=_named(_TYPE, event, "type"),
        object_type=objects.kind(thing)[:MOST_NAME],
        object_id=_named(_ID, thing, "id"),
        created=objects.moment(event.get("created")),
        livemode=event["livemode"] if isinstance(event.get("livemode"), bool) else None,
        api_version=objects.text(event.get("api_version"))[:MOST_NAME],
        text=text,
    )


def _thin(event: Json, text: str) -> Delivery:
    thing = event.get("related_object")
    if not isinstance(thing, dict):
        raise UnreadableError("the event names no object")
    try:
        created = datetime.fromisoformat(str(event.get("created")))
    except ValueError:
        created = None
    return Delivery(
        event_id=_named(_ID, event, "id"),
        event_type=_named(_TYPE, event, "type").removeprefix("v1."),
        object_type=objects.text(thing.get("type"))[:MOST_NAME],
        object_id=_named(_ID, thing, "id"),
        created=created if created is not None and created.tzinfo is not None else None,
        livemode=event["livemode"] if isinstance(event.get("livemode"), bool) else None,
        text=text,
    )


def _named(form: re.Pattern[str], holder: Json, name: str) -> str:
    found = holder.get(name)
    if not isinstance(found, str) or form.fullmatch(found) is None:
        raise UnreadableError(f"the event's {name} is not what Stripe writes there")
    return found


def _state(thing: Json) -> str:
    return hashlib.sha256(json.dumps([thing.get(name) for name in _STATE], sort_keys=True).encode()).hexdigest()[:16]
