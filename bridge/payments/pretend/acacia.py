"""Objects in the shape of before 2025-03-31, as an endpoint that was made then still gets them."""

import copy

from bridge.payments.pretend.store import Thing
from bridge.payments.pretend.subscriptions import StripeWorld

VERSION = "2025-02-24.acacia"


def event(told: Thing, world: StripeWorld) -> Thing:
    """An event as it was told then."""
    found = copy.deepcopy(told)
    found["api_version"] = VERSION
    found["data"]["object"] = thing(found["data"]["object"], world)
    return found


def thing(shown: Thing, world: StripeWorld) -> Thing:
    """An object as it was shown then."""
    found = copy.deepcopy(shown)
    if found["object"] == "subscription":
        ends = [item.pop("current_period_end") for item in found["items"]["data"]]
        starts = [item.pop("current_period_start") for item in found["items"]["data"]]
        found |= {"current_period_end": max(ends, default=None), "current_period_start": min(starts, default=None)}
    if found["object"] == "invoice":
        parent = found.pop("parent")
        found["subscription"] = parent["subscription_details"]["subscription"] if parent else None
        payments = world.lists.get((found["id"], "payments"), [])
        found["payment_intent"] = payments[0]["payment"]["payment_intent"] if payments else None
        found["paid"] = found["status"] == "paid"
        for line in found["lines"]["data"]:
            details = line.pop("parent")["subscription_item_details"]
            price = line.pop("pricing")["price_details"]["price"]
            line |= {
                "subscription_item": details["subscription_item"],
                "price": world.shown(price),
                "type": "subscription",
            }
    return found
