"""What happens in a pretend Stripe's world: things are priced, sold, paid late, refunded and contested.

Each act changes the objects as Stripe does, and emits the events that Stripe would, in Stripe's usual order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.payments.pretend.store import Store, Thing

Lines = Sequence[tuple[str, int]]


class Sales(Store):
    """One-time sales, and money that goes back."""

    def product(self, name: str, **metadata: str) -> str:
        """Something to sell."""
        return str(self.new("prod", "product", name=name, active=True, metadata=metadata)["id"])

    def price(self, product: str, amount: int, currency: str = "eur", interval: str = "", **metadata: str) -> str:
        """What it costs, once or (``interval`` ``month``, ``year``) again and again."""
        recurring = {"interval": interval, "interval_count": 1, "usage_type": "licensed"} if interval else None
        made = self.new(
            "price",
            "price",
            product=product,
            unit_amount=amount,
            currency=currency,
            recurring=recurring,
            type="recurring" if interval else "one_time",
            active=True,
            metadata=metadata,
        )
        return str(made["id"])

    def customer(self, email: str | None, name: str | None) -> str:
        """Somebody who buys."""
        return str(self.new("cus", "customer", email=email, name=name)["id"])

    def session(self, lines: Lines, mode: str, buyer: Mapping[str, Any], **fields: Any) -> Thing:
        """A Checkout Session, finished by its buyer."""
        total = sum(self.get(price)["unit_amount"] * quantity for price, quantity in lines)
        made = self.new(
            "cs",
            "checkout.session",
            **{
                "mode": mode,
                "status": "complete",
                "payment_status": "paid",
                "payment_intent": None,
                "subscription": None,
                "invoice": None,
                "payment_link": None,
                "client_reference_id": None,
                "customer": None,
                "customer_email": None,
                "customer_details": {"email": None, "name": None, **buyer},
                "custom_fields": [],
                "amount_total": total,
                "currency": self.get(lines[0][0])["currency"] if lines else "eur",
                **fields,
            },
        )
        self.lists[made["id"], "line_items"] = [self._line_item(price, quantity) for price, quantity in lines]
        return made

    def _line_item(self, price: str, quantity: int) -> Thing:
        cost = self.get(price)["unit_amount"] * quantity
        found = self.new("li", "item", price=price, quantity=quantity, amount_total=cost)
        found.pop("created")
        return found

    def buy(
        self, lines: Lines, *, email: str | None = "ann@example.com", name: str | None = "Ann", **fields: Any
    ) -> str:
        """Buy once. ``payment_status`` ``unpaid``: by a method that pays later. Returns the session."""
        session = self.session(lines, "payment", {"email": email, "name": name}, **fields)
        if session["payment_status"] != "no_payment_required":
            paid = session["payment_status"] == "paid"
            session["payment_intent"] = self.payment(session["amount_total"], session["currency"], paid=paid)
        self.emit("checkout.session.completed", session["id"])
        return str(session["id"])

    def payment(self, amount: int, currency: str, *, paid: bool = True) -> str:
        """Money that moves, or is about to."""
        intent = self.new("pi", "payment_intent", amount=amount, currency=currency, latest_charge=None)
        charge = self.new(
            "ch",
            "charge",
            amount=amount,
            amount_refunded=0,
            currency=currency,
            payment_intent=intent["id"],
            status="succeeded" if paid else "pending",
            paid=paid,
            refunded=False,
        )
        intent |= {"latest_charge": charge["id"], "status": "succeeded" if paid else "processing"}
        return str(intent["id"])

    def invoice_for(self, session: str) -> str:
        """The PDF invoice of a one-time sale (``invoice_creation``): it is no sale of its own."""
        sold = self.get(session)
        invoice = self.new(
            "in",
            "invoice",
            status="paid",
            parent=None,
            billing_reason="manual",
            currency=sold["currency"],
            amount_paid=sold["amount_total"],
            customer=sold["customer"],
            customer_email=sold["customer_details"]["email"],
            status_transitions={"paid_at": self.now},
        )
        self.lists[invoice["id"], "lines"] = []
        sold["invoice"] = invoice["id"]
        self.emit("invoice.paid", invoice["id"])
        return str(invoice["id"])

    def settle(self, session: str) -> None:
        """The late payment arrived."""
        self.get(session)["payment_status"] = "paid"
        self.emit("checkout.session.async_payment_succeeded", session)

    def fail(self, session: str) -> None:
        """The late payment failed."""
        self.emit("checkout.session.async_payment_failed", session)

    def payment_of(self, name: str) -> str:
        """The payment of a session or an invoice."""
        thing = self.get(name)
        if thing["object"] == "invoice":
            return str(self.lists[name, "payments"][0]["payment"]["payment_intent"])
        return str(thing["payment_intent"])

    def refund(self, payment: str, amount: int | None = None, status: str = "succeeded") -> str:
        """Give money back, all of it where no amount is said. Returns the refund."""
        charge = self.get(self.get(payment)["latest_charge"])
        given = charge["amount"] if amount is None else amount
        made = self.new(
            "re",
            "refund",
            amount=given,
            currency=charge["currency"],
            status=status,
            payment_intent=payment,
            charge=charge["id"],
        )
        charge["amount_refunded"] += given
        charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
        self.emit("refund.created", made["id"])
        self.emit("charge.refunded", charge["id"])
        return str(made["id"])

    def refund_becomes(self, refund: str, status: str) -> None:
        """A refund goes on, or fails after all."""
        self.get(refund)["status"] = status
        self.emit("refund.failed" if status == "failed" else "refund.updated", refund)

    def dispute(self, payment: str, status: str = "needs_response") -> str:
        """The buyer contests a payment at the bank. Returns the dispute."""
        charge = self.get(self.get(payment)["latest_charge"])
        made = self.new(
            "du",
            "dispute",
            amount=charge["amount"],
            currency=charge["currency"],
            status=status,
            payment_intent=payment,
            charge=charge["id"],
        )
        self.emit("charge.dispute.created", made["id"])
        return str(made["id"])

    def dispute_becomes(self, dispute: str, status: str) -> None:
        """The bank decided, or somebody asks it to think again."""
        self.get(dispute)["status"] = status
        closed = status in {"won", "lost", "warning_closed", "prevented"}
        self.emit(f"charge.dispute.{'closed' if closed else 'updated'}", dispute)

    def warn(self, payment: str) -> str:
        """The bank takes a payment for fraud."""
        charge = self.get(payment)["latest_charge"]
        made = self.new("issfr", "radar.early_fraud_warning", actionable=True, charge=charge, payment_intent=payment)
        self.emit("radar.early_fraud_warning.created", made["id"])
        return str(made["id"])
