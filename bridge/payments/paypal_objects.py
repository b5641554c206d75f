"""PayPal's objects, read: names, amounts, moments, and what our own word in them says. Pure functions over parsed JSON.

What must be there and is not raises `UnknownShapeError`, which names the field.
"""

import re
from datetime import UTC, datetime
from typing import Any

from bridge.errors import InvalidInputError
from bridge.payments.provider import UnknownShapeError
from bridge.payments.told import Json, inner, listed, text
from bridge.rules.payments import money
from bridge.rules.payments.reports import Buyer, Name

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", re.ASCII)
_OURS = re.compile(r"bridge:([0-9]{1,9}):([0-9a-f-]{36})", re.ASCII)
# PayPal takes these without decimals only, whatever ISO 4217 says.
_WHOLE_ONLY = frozenset({"HUF", "JPY", "TWD"})
_AMOUNT = re.compile(r"-?([0-9]{1,15})(?:\.([0-9]{1,4}))?", re.ASCII)


def ref(value: Any) -> str:
    """An id; "" for none."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def must_ref(holder: Json, name: str, what: str) -> str:
    """An id that has to be there."""
    found = ref(holder.get(name))
    if not found:
        raise UnknownShapeError(f"{what} has no {name}")
    return found


def moment(value: Any) -> datetime | None:
    """A moment; ``None`` for what is no date (PayPal's own samples hold a month 19)."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def must_moment(holder: Json, name: str, what: str) -> datetime:
    """A moment that has to be there."""
    found = moment(holder.get(name))
    if found is None:
        raise UnknownShapeError(f"{what}.{name} is no time")
    return found


def amount(holder: Any) -> tuple[int | None, str]:
    """An amount in ISO's minor units and its currency; of either generation of objects, without its sign.

    ``None`` for what is no amount, "" for a currency that ISO does not know.
    """
    if not isinstance(holder, dict):
        return None, ""
    code = text(holder.get("currency_code") or holder.get("currency")).upper()
    try:
        digits = money.digits(code)
    except money.InvalidMoney:
        return None, ""
    found = _AMOUNT.fullmatch(text(holder.get("value", holder.get("total"))))
    rest = (found[2] or "").rstrip("0") if found else ""
    if found is None or len(rest) > digits:
        return None, code
    return int(found[1] + rest.ljust(digits, "0")), code


def written(minor: int, code: str) -> Json:
    """An amount as PayPal takes it. Raises ``InvalidInputError`` for a part of what it takes whole."""
    words = money.text(money.Money(minor, code))
    if code in _WHOLE_ONLY and "." in words:
        whole, _, rest = words.partition(".")
        if rest.strip("0"):
            raise InvalidInputError("price", f"PayPal takes {code} without decimals")
        words = whole
    return {"currency_code": code, "value": words}


def linked(holder: Json, rel: str, kind: str) -> str:
    """The id at the end of a link, e.g. of the capture (``kind`` ``captures``) that a refund leads ``up`` to."""
    for link in listed(holder.get("links")):
        path = text(link.get("href")).partition("?")[0].split("/")
        if link.get("rel") == rel and path[-2:-1] == [kind]:
            return ref(path[-1])
    return ""


def order_of(capture: Json) -> str:
    """The order that a capture is of; "" where it names none."""
    related = inner(capture, "supplementary_data", "related_ids")
    return ref(related.get("order_id")) or linked(capture, "up", "orders")


def capture_of(refund: Json) -> str:
    """The capture that a refund is of; "" where it names none. Its own id is never the capture's."""
    related = inner(refund, "supplementary_data", "related_ids")
    return linked(refund, "up", "captures") or ref(related.get("capture_id")) or ref(refund.get("capture_id"))


def sale_of(refund: Json) -> str:
    """The sale that a refund of a subscription's payment is of; "" where it names none."""
    return ref(refund.get("sale_id")) or linked(refund, "sale", "sale")


def our_word(package_id: int, order: str) -> str:
    """What we write into ``custom_id``, which PayPal gives back with everything."""
    return f"bridge:{package_id}:{order}"


def is_ours(word: Any) -> bool:
    """Whether we began the sale whose ``custom_id`` this is; or somebody who writes like us."""
    return _OURS.fullmatch(text(word)) is not None


def order_in(word: Any) -> str:
    """Our order, by a ``custom_id``; "" for somebody else's."""
    found = _OURS.fullmatch(text(word))
    return found[2] if found else ""


def names_of(word: Any) -> list[Name]:
    """What a ``custom_id`` or the SKU of an item may be mapped by."""
    shown = text(word)
    found = _OURS.fullmatch(shown)
    if found:
        return [("metadata", found[1])]
    return [("price", shown), ("metadata", shown)] if shown else []


def buyer(person: Json) -> Buyer:
    """Who bought: a payer, or a subscriber."""
    name = inner(person, "name")
    words = (text(name.get("given_name")), text(name.get("surname")))
    return Buyer(
        email=text(person.get("email_address")),
        name=" ".join(filter(None, words)) or text(name.get("full_name")),
        ref=ref(person.get("payer_id")),
    )


def quantity(value: Any) -> int:
    """How many; PayPal writes numbers as texts. One where it is not said."""
    shown = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 9 else 1  # noqa: PLR2004  32 bits
