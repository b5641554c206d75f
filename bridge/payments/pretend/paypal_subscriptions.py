"""Subscriptions in a pretend PayPal's world: opened, paid, not paid, changed, ended. They are paid by sales."""

from typing import Any

from bridge.payments.pretend.paypal_world import PayPalWorld, Thing, amount_of, name_of
from bridge.rules.payments import money

_API = "https://api-m.paypal.com"


class PayPalSubscriptions(PayPalWorld):
    """The whole world."""

    def product(self, name: str) -> str:
        """Something to sell."""
        return str(self.put("product", self.name("PROD-"), name=name)["id"])

    def plan(
        self, product: str, minor: int, interval: str = "MONTH", count: int = 1, *, currency: str = "EUR", **more: Any
    ) -> str:
        """What it costs again and again. ``trial_days``: for nothing (or ``trial_minor``) at first; ``setup_minor``."""
        cycles = []
        if more.get("trial_days"):
            cycles.append(_cycle("TRIAL", "DAY", more["trial_days"], 1, more.get("trial_minor", 0), currency))
        cycles.append(_cycle("REGULAR", interval, count, 0, minor, currency))
        for number, cycle in enumerate(cycles, 1):
            cycle["sequence"] = number
        made = self.put(
            "plan", self.name("P-", 24), product_id=product, name="Plan", status="ACTIVE", billing_cycles=cycles
        )
        made["payment_preferences"] = {"setup_fee": amount_of(more.get("setup_minor", 0), currency)}
        return str(made["id"])

    def begin(self, plan: str, *, quantity: int = 1, custom_id: str = "", **more: Any) -> str:
        """A subscription that its buyer has yet to approve."""
        made = self.put(
            "subscription",
            self.name("I-", 12),
            status="APPROVAL_PENDING",
            plan_id=plan,
            quantity=str(quantity),
            custom_id=custom_id,
            start_time=self.now,
            status_update_time=self.now,
            plan_overridden=False,
            billing_info={"failed_payments_count": 0, "cycle_executions": []},
            **more,
        )
        return str(made["id"])

    def activate(self, subscription: str, email: str | None = "ann@example.com", name: str = "Ann") -> None:
        """The buyer agrees."""
        found = self.get("subscription", subscription)
        found["subscriber"] = {"email_address": email, "name": name_of(name)}
        cycles = self.get("plan", found["plan_id"])["billing_cycles"]
        found["billing_info"]["cycle_executions"] = [
            {"tenure_type": each["tenure_type"], "sequence": each["sequence"], "cycles_completed": 0}
            | {"cycles_remaining": each["total_cycles"]}
            for each in cycles
        ]
        self.becomes(subscription, "ACTIVE", "ACTIVATED")

    def subscribe(self, plan: str, *, email: str | None = "ann@example.com", **more: Any) -> str:
        """Subscribe, and pay what is due at once. Returns the subscription."""
        subscription = self.begin(plan, **more)
        self.activate(subscription, email)
        first = self.get("plan", plan)["billing_cycles"][0]
        if first["pricing_scheme"]["fixed_price"]["value"].strip("0."):
            self.pay(subscription)
        return subscription

    def pay(self, subscription: str, minor: int | None = None, state: str = "completed") -> str:
        """A charge comes in. Returns the sale."""
        found = self.get("subscription", subscription)
        price = self.get("plan", found["plan_id"])["billing_cycles"][-1]["pricing_scheme"]["fixed_price"]
        currency = price["currency_code"]
        due = money.parse(price["value"], currency).minor * int(found["quantity"]) if minor is None else minor
        value = amount_of(due, currency)
        made = self.put(
            "sale",
            self.name("4S"),
            state=state,
            amount={"total": value["value"], "currency": currency},
            billing_agreement_id=subscription,
            custom=found["custom_id"],
        )
        found["billing_info"] |= {"failed_payments_count": 0, "last_payment": {"amount": value, "time": self.now}}
        self.emit(f"PAYMENT.SALE.{state.upper()}", "sale", made["id"])
        return str(made["id"])

    def transactions(self, subscription: str) -> list[Thing]:
        """What was paid for a subscription, as PayPal lists it."""
        words = {"completed": "COMPLETED", "pending": "PENDING", "denied": "DECLINED", "refunded": "REFUNDED"}
        return [
            {
                "id": each["id"],
                "status": words.get(each["state"], "PARTIALLY_REFUNDED"),
                "time": each["create_time"],
                "amount_with_breakdown": {
                    "gross_amount": {"currency_code": each["amount"]["currency"], "value": each["amount"]["total"]}
                },
            }
            for each in self.all_of("sale")
            if each["billing_agreement_id"] == subscription
        ]

    def refund_sale(self, sale: str, minor: int | None = None, *, reversal: bool = False, named: bool = True) -> str:
        """Give a charge back, or have it taken. ``named``: the event says of which sale. Returns the refund."""
        paid = self.get("sale", sale)
        currency = paid["amount"]["currency"]
        total = paid["amount"]["total"] if minor is None else amount_of(minor, currency)["value"]
        made = self.put(
            "sale-refund",
            self.name("7R"),
            state="completed",
            amount={"total": f"-{total}", "currency": currency},
            sale_id=sale,
            links=[{"rel": "sale", "href": f"{_API}/v1/payments/sale/{sale}", "method": "GET"}],
        )
        paid["state"] = "refunded" if total == paid["amount"]["total"] else "partially_refunded"
        event_type = f"PAYMENT.SALE.{'REVERSED' if reversal else 'REFUNDED'}"
        hidden: Thing = {} if named else {"sale_id": None, "links": []}
        self.emit(event_type, "sale-refund", made["id"], **hidden)
        return str(made["id"])

    def fail_charge(self, subscription: str) -> None:
        """A charge fails, and will be tried again."""
        billing = self.get("subscription", subscription)["billing_info"]
        billing["failed_payments_count"] += 1
        billing["last_failed_payment"] = {"time": self.now}
        self.emit("BILLING.SUBSCRIPTION.PAYMENT.FAILED", "subscription", subscription)

    def becomes(self, subscription: str, status: str, event: str = "", **fields: Any) -> None:
        """A subscription is something else from now on."""
        self.get("subscription", subscription).update(status=status, status_update_time=self.now, **fields)
        self.emit(f"BILLING.SUBSCRIPTION.{event or status}", "subscription", subscription)

    def revise(self, subscription: str, **fields: Any) -> None:
        """Another plan, another quantity."""
        self.get("subscription", subscription).update(fields)
        self.emit("BILLING.SUBSCRIPTION.UPDATED", "subscription", subscription)


def _cycle(tenure: str, unit: str, count: int, times: int, minor: int, currency: str) -> Thing:
    return {
        "tenure_type": tenure,
        "frequency": {"interval_unit": unit, "interval_count": count},
        "total_cycles": times,
        "pricing_scheme": {"fixed_price": amount_of(minor, currency)},
    }
