"""What happens in a pretend PayPal's world: orders and captures, money that goes back, and disputes about it.

Each act changes the objects as PayPal does, and emits the events that PayPal would, in its usual order.
"""

import copy
import itertools
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.rules.payments import money

Thing = dict[str, Any]
Lines = Sequence[tuple[str, int, int]]

MERCHANT = "MERCHANT00001"
_API = "https://api-m.paypal.com"


class PayPalWorld:
    """Objects by kind and id, and the events that were told."""

    def __init__(self, clock: Callable[[], datetime], merchant: str = MERCHANT) -> None:
        self.clock = clock
        self.merchant = merchant
        self.things: dict[str, dict[str, Thing]] = {}
        self.events: list[Thing] = []
        self.lock = threading.RLock()
        self._numbers = itertools.count(1)

    @property
    def now(self) -> str:
        """The time as PayPal writes it."""
        return f"{self.clock().astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"

    def name(self, prefix: str, digits: int = 15) -> str:
        """An id that nothing has yet."""
        return f"{prefix}{next(self._numbers):0{digits}d}"

    def put(self, kind: str, name: str, /, **fields: Any) -> Thing:
        """Keep an object."""
        made = {"id": name, "create_time": self.now, **fields}
        with self.lock:
            self.things.setdefault(kind, {})[name] = made
        return made

    def get(self, kind: str, name: str) -> Thing:
        """An object, to be changed."""
        return self.things[kind][name]

    def shown(self, kind: str, name: str) -> Thing:
        """An object as the API shows it."""
        with self.lock:
            return copy.deepcopy(self.things[kind][name])

    def all_of(self, kind: str) -> list[Thing]:
        """All objects of a kind, in the order in which they were made."""
        with self.lock:
            return [copy.deepcopy(each) for each in self.things.get(kind, {}).values()]

    def emit(self, event_type: str, kind: str, name: str, /, **changed: Any) -> Thing:
        """Tell what an object is like now."""
        resource = self.shown(kind, name) | changed
        event = {
            "id": self.name("WH-", 20),
            "event_version": "1.0",
            "create_time": self.now,
            "resource_type": kind,
            "event_type": event_type,
            "summary": "Something happened",
            "resource": resource,
            "links": [],
        }
        with self.lock:
            self.events.append(event)
        return event

    # Orders.

    def order(self, lines: Lines, *, custom_id: str = "", currency: str = "EUR", **fields: Any) -> str:
        """An order that its buyer has yet to approve. ``payee`` and ``total`` as somebody else may set them."""
        total = fields.pop("total", sum(quantity * amount for _, quantity, amount in lines))
        items = [
            {"name": sku, "sku": sku, "quantity": str(quantity), "unit_amount": amount_of(cost, currency)}
            for sku, quantity, cost in lines
            if sku
        ]
        unit = {
            "reference_id": "default",
            "amount": amount_of(total, currency),
            "payee": {"merchant_id": fields.pop("payee", self.merchant)},
            "custom_id": custom_id,
            "items": items,
        }
        made = self.put("checkout-order", self.name("5O"), intent="CAPTURE", status="CREATED", purchase_units=[unit])
        made |= fields
        return str(made["id"])

    def approve(
        self, order: str, email: str | None = "ann@example.com", name: str = "Ann", *, told: bool = True
    ) -> None:
        """The buyer agrees; no money moves yet. ``told``: there is an event about it."""
        payer = {"email_address": email, "payer_id": "PAYER0000001", "name": name_of(name)}
        self.get("checkout-order", order).update(status="APPROVED", payer=payer)
        if told:
            self.emit("CHECKOUT.ORDER.APPROVED", "checkout-order", order)

    def capture(self, order: str, status: str = "COMPLETED") -> str:
        """Take the money. Returns the capture."""
        found = self.get("checkout-order", order)
        unit = found["purchase_units"][0]
        made = self.put(
            "capture",
            self.name("8C"),
            status=status,
            amount=dict(unit["amount"]),
            payee=dict(unit["payee"]),
            custom_id=unit["custom_id"],
            supplementary_data={"related_ids": {"order_id": order}},
            links=[{"rel": "up", "href": f"{_API}/v2/checkout/orders/{order}", "method": "GET"}],
        )
        found["status"] = "COMPLETED"
        self._payments(order)["captures"].append(made)
        words = {"COMPLETED": "COMPLETED", "PENDING": "PENDING", "DECLINED": "DENIED"}
        self.emit(f"PAYMENT.CAPTURE.{words[status]}", "capture", made["id"])
        return str(made["id"])

    def _payments(self, order: str) -> Thing:
        unit = self.get("checkout-order", order)["purchase_units"][0]
        found: Thing = unit.setdefault("payments", {"captures": [], "refunds": []})
        return found

    def buy(
        self, lines: Lines, *, email: str | None = "ann@example.com", status: str = "COMPLETED", **fields: Any
    ) -> str:
        """Buy once: ordered, approved, captured, and only the last of it told. Returns the order."""
        order = self.order(lines, **fields)
        self.approve(order, email, told=False)
        self.capture(order, status)
        return order

    def payment_of(self, order: str) -> str:
        """The capture of an order."""
        return str(self._payments(order)["captures"][-1]["id"])

    def capture_becomes(self, capture: str, status: str) -> None:
        """A payment that took days arrives, or does not."""
        self.get("capture", capture)["status"] = status
        word = "DENIED" if status == "DECLINED" else status
        self.emit(f"PAYMENT.CAPTURE.{word}", "capture", capture)

    def refund(
        self, capture: str, minor: int | None = None, *, reversal: bool = False, status: str = "COMPLETED"
    ) -> str:
        """Give money back, or (``reversal``) have it taken. Returns the refund."""
        paid = self.get("capture", capture)
        currency = paid["amount"]["currency_code"]
        given = dict(paid["amount"]) if minor is None else amount_of(minor, currency)
        made = self.put(
            "refund",
            self.name("9R"),
            status=status,
            amount=given,
            links=[{"rel": "up", "href": f"{_API}/v2/payments/captures/{capture}", "method": "GET"}],
        )
        paid["status"] = "REFUNDED" if given == paid["amount"] else "PARTIALLY_REFUNDED"
        self._payments(paid["supplementary_data"]["related_ids"]["order_id"])["refunds"].append(made)
        self.emit(f"PAYMENT.CAPTURE.{'REVERSED' if reversal else 'REFUNDED'}", "refund", made["id"])
        return str(made["id"])

    def refund_becomes(self, refund: str, status: str) -> None:
        """A refund goes on, or fails after all."""
        self.get("refund", refund)["status"] = status
        self.emit(f"PAYMENT.REFUND.{status}", "refund", refund)

    # Disputes.

    def dispute(self, payment: str, stage: str = "CHARGEBACK", status: str = "OPEN") -> str:
        """The buyer contests a payment. Returns the dispute."""
        name = self.name("PP-D-", 6)
        made = self.put(
            "dispute",
            name,
            dispute_id=name,
            update_time=self.now,
            status=status,
            dispute_life_cycle_stage=stage,
            disputed_transactions=[{"seller_transaction_id": payment, "buyer_transaction_id": "1BUYERS00"}],
        )
        del made["id"]
        self.emit("CUSTOMER.DISPUTE.CREATED", "dispute", name)
        return name

    def dispute_becomes(self, dispute: str, status: str, outcome: str = "", stage: str = "") -> None:
        """Somebody decided, or asks to think again."""
        found = self.get("dispute", dispute)
        found |= {"status": status, "update_time": self.now}
        found["dispute_life_cycle_stage"] = stage or found["dispute_life_cycle_stage"]
        found.pop("dispute_outcome", None)
        if outcome:
            found["dispute_outcome"] = {"outcome_code": outcome}
        word = "RESOLVED" if status == "RESOLVED" else "UPDATED"
        self.emit(f"CUSTOMER.DISPUTE.{word}", "dispute", dispute)


def name_of(buyer: str) -> Thing:
    """A name as PayPal writes it."""
    given, _, surname = buyer.partition(" ")
    return {"given_name": given, "surname": surname or "Buyer"}


def amount_of(minor: int, currency: str) -> Thing:
    """An amount as PayPal writes it."""
    return {"currency_code": currency, "value": money.text(money.Money(minor, currency))}
