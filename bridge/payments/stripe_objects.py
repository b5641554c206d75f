"""Stripe's objects, read: each field in the shape of before 2025-03-31 ("basil") and of since, ids or whole objects.

Pure functions over parsed JSON. What must be there and is not raises `UnknownShapeError`, which names the field.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.payments import told
from bridge.payments.provider import UnknownShapeError
from bridge.rules.payments import money
from bridge.rules.payments.reports import Buyer, Name, Offer

Json = told.Json
text = told.text

API_VERSION = "2026-10-28.endive"

# Our word in somebody's metadata, in both spellings of English.
PACKAGE_WORDS = ("licence_package", "license_package")
ORDER_WORD = "bridge_order"

# Stripe counts these unlike ISO 4217: (its decimals, ISO's).
_ODD_DECIMALS = {"ISK": (2, 0), "UGX": (2, 0), "MGA": (0, 2)}
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,255}", re.ASCII)


def ref(value: Any) -> str:
    """An id, whether Stripe sent it alone or with the object around it; "" for none."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def moment(value: Any) -> datetime | None:
    """A moment from seconds since 1970."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def must_moment(holder: Json, name: str) -> datetime:
    """A moment that has to be there."""
    found = moment(holder.get(name))
    if found is None:
        raise UnknownShapeError(f"{kind(holder)}.{name} is no time")
    return found


def kind(holder: Json) -> str:
    """What an object calls itself."""
    return text(holder.get("object")) or "object"


def currency(holder: Json) -> str:
    """The currency in ISO's capitals; "" for one that ISO does not know."""
    code = text(holder.get("currency")).upper()
    try:
        money.digits(code)
    except money.InvalidMoney:
        return ""
    return code


def minor(amount: Any, code: str) -> int | None:
    """An amount in ISO's minor units; ``None`` where none is stated."""
    if not isinstance(amount, int) or isinstance(amount, bool):
        return None
    theirs, ours = _ODD_DECIMALS.get(code, (2, 2))
    return int(amount * 10 ** (ours - theirs)) if ours >= theirs else amount // int(10 ** (theirs - ours))


def listed(value: Any) -> list[Json]:
    """The objects of a list, or of a plain array."""
    if isinstance(value, Mapping):
        value = value.get("data")
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def quantity(holder: Json) -> int:
    """How many; one where it is not said."""
    found = holder.get("quantity")
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else 1


def metadata(holder: Any) -> Json:
    """The metadata of an object; empty for an id alone."""
    found = holder.get("metadata") if isinstance(holder, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def package_names(holder: Any) -> list[Name]:
    """The package that an object's metadata names."""
    words = metadata(holder)
    found = next((text(words[word]) for word in PACKAGE_WORDS if text(words.get(word))), "")
    return [("metadata", found)] if found else []


def price_offer(price: Any, product: Any = None) -> Offer:
    """The names of a price: its own, then its product's; metadata where the objects are whole."""
    if product is None and isinstance(price, Mapping):
        product = price.get("product")
    names: list[Name] = []
    for match, thing in (("price", price), ("product", product)):
        if ref(thing):
            names.append((match, ref(thing)))  # type: ignore[arg-type]  # both are match types
        names += package_names(thing)
    return Offer(tuple(dict.fromkeys(names)))


def session_names(session: Json) -> list[Name]:
    """What a whole session may be mapped by."""
    link = ref(session.get("payment_link"))
    return [*([("payment_link", link)] if link else []), *package_names(session)]  # type: ignore[list-item]


def buyer_of_session(session: Json) -> Buyer:
    """Who bought, in the order in which Stripe knows it best."""
    details = session.get("customer_details")
    details = details if isinstance(details, Mapping) else {}
    collected = session.get("collected_information")
    collected = collected if isinstance(collected, Mapping) else {}
    names = (details.get("name"), details.get("business_name"), details.get("individual_name"))
    more = (collected.get("business_name"), collected.get("individual_name"))
    return Buyer(
        email=text(details.get("email")) or text(session.get("customer_email")),
        name=next(filter(None, map(text, (*names, *more))), ""),
        ref=ref(session.get("customer")),
        fields=dict(_fields(session)),
    )


def _fields(session: Json) -> Iterator[tuple[str, str]]:
    for field in listed(session.get("custom_fields")):
        value = field.get(str(field.get("type")))
        found = value.get("value") if isinstance(value, Mapping) else None
        if isinstance(found, str) and found and text(field.get("key")):
            yield text(field.get("key")), found


def subscription_of_invoice(invoice: Json) -> str:
    """The subscription that an invoice is of; "" for one that stands for itself. Both shapes."""
    parent = invoice.get("parent")
    if isinstance(parent, Mapping):
        details = parent.get("subscription_details")
        found = ref(details.get("subscription")) if isinstance(details, Mapping) else ""
        if found:
            return found
    if ref(invoice.get("subscription")):
        return ref(invoice.get("subscription"))
    if "parent" not in invoice and "subscription" not in invoice:
        raise UnknownShapeError("the invoice names a subscription neither in parent nor in subscription")
    if text(invoice.get("billing_reason")).startswith("subscription"):
        raise UnknownShapeError("the invoice is a subscription's, but does not name it where one is looked for")
    return ""


def item_of_line(line: Json) -> str:
    """The subscription item that a line of an invoice is of; "" for a line of anything else. Both shapes."""
    parent = line.get("parent")
    if isinstance(parent, Mapping):
        details = parent.get("subscription_item_details")
        if isinstance(details, Mapping):
            return ref(details.get("subscription_item"))
    return ref(line.get("subscription_item"))


def offer_of_line(line: Json) -> Offer:
    """What a line of an invoice was for. Both shapes."""
    pricing = line.get("pricing")
    details = pricing.get("price_details") if isinstance(pricing, Mapping) else None
    if isinstance(details, Mapping):
        return price_offer(details.get("price"), details.get("product"))
    return price_offer(line.get("price") or line.get("plan"))


def period_end_of(subscription: Json, item: Json) -> datetime | None:
    """Where the current period of an item ends: its own since 2025-03-31, the subscription's before."""
    return moment(item.get("current_period_end")) or moment(subscription.get("current_period_end"))


def payment_name(holder: Json) -> str:
    """By what a charge goes everywhere: its payment intent, or itself where it has none."""
    return ref(holder.get("payment_intent")) or ref(holder.get("charge"))


def payments_of_invoice(invoice: Json) -> list[tuple[str, int | None]]:
    """What paid an invoice: names of payments, with amounts where they are told. Both shapes."""
    code, found = currency(invoice), []
    for each in listed(invoice.get("payments")):
        payment = each.get("payment")
        name = payment_name(payment) if isinstance(payment, Mapping) else ""
        if name and text(each.get("status")) == "paid":
            found.append((name, minor(each.get("amount_paid"), code)))
    if not found and payment_name(invoice):
        found.append((payment_name(invoice), minor(invoice.get("amount_paid"), code)))
    return found
