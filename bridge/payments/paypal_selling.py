"""Sales that begin here: an order, or a subscription to a plan; and whose account it is that sells."""

from datetime import UTC, datetime, timedelta

from bridge.errors import InvalidInputError
from bridge.payments import paypal_objects as objects
from bridge.payments.paypal_client import PayPalApi, written
from bridge.payments.provider import BegunSale, NoAccessError, NotTheirsError, SaleWish, Standing, UnknownKeyError
from bridge.payments.told import Json, listed, text

_ORDERS, _SUBSCRIPTIONS = "/v2/checkout/orders", "/v1/billing/subscriptions"
_APPROVE = frozenset({"approve", "payer-action"})
_SESSION = "{CHECKOUT_SESSION_ID}"
# What the app has to be able to read: a list to try it with, and what a person calls it.
_TRANSACTIONS = "/v1/reporting/transactions"
_NEEDED = (
    ("/v1/notifications/webhooks", "Webhooks"),
    ("/v1/billing/plans", "Subscriptions"),
    ("/v1/customer/disputes", "Customer disputes"),
    (_TRANSACTIONS, "Transaction search"),
)


def begin(api: PayPalApi, wish: SaleWish) -> BegunSale:
    """Begin a sale. Raises ``InvalidInputError`` where nobody said what it costs."""
    word = objects.our_word(wish.package_id, wish.order)
    # PayPal knows no blank to be filled in: our own name for the sale opens the page, and PayPal adds its own.
    pages = {"return_url": wish.success_url.replace(_SESSION, wish.order), "cancel_url": wish.cancel_url}
    if wish.recurring:
        begun = api.post(_SUBSCRIPTIONS, _subscription(wish, word, pages), once=wish.order)
    else:
        begun = api.post(_ORDERS, _order(wish, word, pages), once=wish.order)
    url = next((text(link.get("href")) for link in listed(begun.get("links")) if link.get("rel") in _APPROVE), "")
    return BegunSale(objects.must_ref(begun, "id", "the sale that was begun"), url)


def _order(wish: SaleWish, word: str, pages: Json) -> Json:
    if wish.amount_minor is None or not wish.currency:
        raise InvalidInputError("price", f"map {wish.price_ref} with its --price: PayPal keeps none for it")
    amount = objects.written(wish.amount_minor, wish.currency)
    item = {"name": wish.price_ref, "sku": wish.price_ref, "quantity": "1", "unit_amount": amount}
    unit = {
        "custom_id": word,
        "invoice_id": wish.order,  # PayPal takes each only once, so nobody pays twice for one sale
        "amount": {**amount, "breakdown": {"item_total": amount}},
        "items": [{**item, "category": "DIGITAL_GOODS"}],
    }
    shown = {**pages, "user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING"}
    return {"intent": "CAPTURE", "purchase_units": [unit], "application_context": shown}


def _subscription(wish: SaleWish, word: str, pages: Json) -> Json:
    shown = {**pages, "user_action": "SUBSCRIBE_NOW", "shipping_preference": "NO_SHIPPING"}
    return {"plan_id": wish.price_ref, "quantity": "1", "custom_id": word, "application_context": shown}


def standing(api: PayPalApi, mode: str, told: str) -> Standing:
    """Whose account it is, and what its app may not do. ``told``: whose it is as a person says.

    Raises ``InvalidInputError`` where PayPal says another one, or none: who was paid must be known to be checked.
    """
    try:
        found = text(api.get("/v1/identity/oauth2/userinfo", schema="paypalv1.1").get("payer_id"))
    except UnknownKeyError:
        raise
    except (NotTheirsError, NoAccessError):  # not every app is told
        found = ""
    if told and found and told != found:
        raise InvalidInputError("merchant_id", "PayPal says that these credentials are another merchant's")
    if not (told or found):
        raise InvalidInputError(
            "merchant_id", "PayPal does not say whose account this is; add --merchant-id (Account settings, Business)"
        )
    lacks, now = [], datetime.now(UTC)
    day = {"start_date": written(now - timedelta(days=1)), "end_date": written(now)}
    for path, name in _NEEDED:
        try:
            api.get(path, **(day if path == _TRANSACTIONS else {}))
        except UnknownKeyError:
            raise
        except (NoAccessError, NotTheirsError):
            lacks.append(name)
    return Standing(found or told, mode, tuple(lacks))
