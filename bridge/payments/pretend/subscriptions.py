"""Subscriptions in a pretend Stripe's world: opened, renewed, not paid, changed, paused, ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.payments.pretend.sales import Lines, Sales
from bridge.payments.pretend.store import Thing
from bridge.rules.terms import add_months


class StripeWorld(Sales):
    """The whole world."""

    def subscribe(
        self,
        lines: Lines,
        *,
        email: str | None = "ann@example.com",
        name: str | None = "Ann",
        trial_days: int = 0,
        **fields: Any,
    ) -> str:
        """Open a subscription by a Checkout Session. Returns the subscription."""
        subscription, invoice = self.open_subscription(
            lines, email, name, trial_days=trial_days, metadata=fields.pop("subscription_metadata", {})
        )
        session = self.session(
            lines,
            "subscription",
            {"email": email, "name": name},
            customer=self.get(subscription)["customer"],
            subscription=subscription,
            invoice=invoice,
            payment_status="no_payment_required" if trial_days else "paid",
            **fields,
        )
        self.emit("checkout.session.completed", session["id"])
        return subscription

    def open_subscription(
        self,
        lines: Lines,
        email: str | None,
        name: str | None,
        *,
        trial_days: int = 0,
        metadata: Thing | None = None,
    ) -> tuple[str, str]:
        """A subscription whose first invoice is paid. Returns it and the invoice; its session tells afterwards."""
        customer = self.customer(email, name)
        subscription = self.new(
            "sub",
            "subscription",
            status="trialing" if trial_days else "active",
            customer=customer,
            cancel_at=None,
            cancel_at_period_end=False,
            ended_at=None,
            trial_end=self.now + trial_days * 86400 if trial_days else None,
            metadata=metadata or {},
        )
        end = subscription["trial_end"]
        items = [self._item(price, quantity, self.now, end) for price, quantity in lines]
        self.lists[subscription["id"], "items"] = items
        self.emit("customer.subscription.created", subscription["id"])
        return str(subscription["id"]), self.pay(
            subscription["id"], free=bool(trial_days), reason="subscription_create"
        )

    def _item(self, price: str, quantity: int, start: int, end: int | None) -> Thing:
        made = self.new("si", "subscription_item", price=price, quantity=quantity)
        return made | {"current_period_start": start, "current_period_end": end or self.after(price, start)}

    def after(self, price: str, start: int) -> int:
        """Where a period of a price ends that begins then."""
        recurring = self.get(price)["recurring"]
        begin, count = datetime.fromtimestamp(start, UTC), recurring["interval_count"]
        if recurring["interval"] in {"month", "year"}:
            return int(add_months(begin, count * (12 if recurring["interval"] == "year" else 1)).timestamp())
        days = {"day": 1, "week": 7}[recurring["interval"]]
        return int((begin + timedelta(days=days * count)).timestamp())

    def items(self, subscription: str) -> list[Thing]:
        """The items, to be changed."""
        return self.lists[subscription, "items"]

    def turn_period(self, subscription: str) -> None:
        """The next period begins, about an hour before it is charged; and it has begun even where that fails."""
        for item in self.items(subscription):
            item["current_period_start"] = item["current_period_end"]
            item["current_period_end"] = self.after(item["price"], item["current_period_start"])
        self.update(subscription)

    def update(self, subscription: str, event: str = "updated", **fields: Any) -> None:
        """Change fields of a subscription and tell."""
        self.get(subscription).update(fields)
        self.emit(f"customer.subscription.{event}", subscription)

    def invoice(self, subscription: str, *, free: bool = False, reason: str = "subscription_cycle") -> Thing:
        """An invoice of the present periods, not paid yet."""
        sold = self.get(subscription)
        lines = [self._line(item, subscription, free=free) for item in self.items(subscription)]
        customer = self.get(sold["customer"])
        details = {"subscription": subscription, "metadata": sold["metadata"]}
        made = self.new(
            "in",
            "invoice",
            status="open",
            parent={"type": "subscription_details", "subscription_details": details, "quote_details": None},
            billing_reason=reason,
            customer=sold["customer"],
            customer_email=customer["email"],
            customer_name=customer["name"],
            currency=self.get(lines[0]["pricing"]["price_details"]["price"])["currency"],
            amount_paid=0,
            status_transitions={"paid_at": None},
        )
        self.lists[made["id"], "lines"] = lines
        self.lists[made["id"], "payments"] = []
        return made

    def _line(self, item: Thing, subscription: str, *, free: bool) -> Thing:
        price = self.get(item["price"])
        return self.line(
            item,
            subscription,
            0 if free else price["unit_amount"] * item["quantity"],
            (item["current_period_start"], item["current_period_end"]),
        )

    def line(self, item: Thing, subscription: str, amount: int, period: tuple[int, int], price: str = "") -> Thing:
        """A line of an invoice; one of less than nothing is a credit."""
        of = self.get(price or item["price"])
        details = {"subscription": subscription, "subscription_item": item["id"], "proration": amount < 0}
        return {
            "id": self.new("il", "line_item")["id"],
            "object": "line_item",
            "amount": amount,
            "currency": of["currency"],
            "quantity": item["quantity"],
            "period": {"start": period[0], "end": period[1]},
            "parent": {"type": "subscription_item_details", "subscription_item_details": details},
            "pricing": {"type": "price_details", "price_details": {"price": of["id"], "product": of["product"]}},
            "metadata": {},
        }

    def pay(self, subscription: str, *, free: bool = False, reason: str = "subscription_cycle") -> str:
        """Invoice the present periods, and have that paid. Returns the invoice."""
        return self.collect(self.invoice(subscription, free=free, reason=reason)["id"])

    def collect(self, name: str) -> str:
        """An invoice is paid. Returns it."""
        invoice = self.get(name)
        total = max(0, sum(line["amount"] for line in self.lists[name, "lines"]))
        invoice |= {"status": "paid", "amount_paid": total, "status_transitions": {"paid_at": self.now}}
        self.emit("invoice.paid", name)
        if total:
            payment = self.payment(total, invoice["currency"])
            made = self.new(
                "inpay",
                "invoice_payment",
                invoice=name,
                status="paid",
                amount_paid=total,
                currency=invoice["currency"],
                payment={"type": "payment_intent", "payment_intent": payment},
            )
            self.lists[name, "payments"].append(made)
            self.emit("invoice_payment.paid", made["id"])
        return name

    def renew(self, subscription: str) -> str:
        """The next period, paid at once. Returns its invoice."""
        self.turn_period(subscription)
        return self.pay(subscription)

    def refuse(self, subscription: str, status: str = "past_due") -> str:
        """The next period's charge fails. Returns the invoice, which is open."""
        invoice = self.invoice(subscription)
        self.emit("invoice.payment_failed", invoice["id"])
        self.update(subscription, status=status)
        return str(invoice["id"])

    def change(self, subscription: str, number: int = 0, **fields: Any) -> None:
        """Change an item: its ``price`` or ``quantity``."""
        self.items(subscription)[number].update(fields)
        self.update(subscription)

    def add_item(self, subscription: str, price: str, quantity: int = 1) -> Thing:
        """One more item."""
        item = self._item(price, quantity, self.now, None)
        self.items(subscription).append(item)
        self.update(subscription)
        return item

    def remove_item(self, subscription: str, number: int) -> None:
        """One item less."""
        del self.items(subscription)[number]
        self.update(subscription)

    def end(self, subscription: str) -> None:
        """It ends now."""
        self.update(subscription, "deleted", status="canceled", ended_at=self.now, canceled_at=self.now)
