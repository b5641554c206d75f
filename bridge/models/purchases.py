"""What was sold, what became of the money, and which keys stand for it.

An account is an owner and a ``source``: the word by which a shop or a payment provider is named there. Each fact is one
row under its natural key, so what is told twice is there once; rows are merged by ``rules.payments.facts`` alone, and
hold the fields of the value of the same name. Links, refunds, floors and disputes may come before the purchase that
they are about: their ``purchase_id`` is empty until then. ``within`` is empty where their names are unique in the
account, and holds the purchase's reference where they are unique in that purchase only.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bridge.models.base import json_column, one_of, when


def _of_owner() -> Any:
    return Field(sa_type=BigInteger, primary_key=True, foreign_key="owner.id")


def _of_purchase() -> Any:
    return Field(primary_key=True, foreign_key="purchase.id")


def _perhaps_of_purchase() -> Any:
    return Field(default=None, foreign_key="purchase.id", index=True)


def _minor() -> Any:
    return Field(default=None, sa_type=BigInteger)


def _json() -> Any:
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Purchase(SQLModel, table=True):
    """One sale, by the reference that its source knows it by. What it is worth stands in the facts."""

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id")
    source: str
    ref: str
    subscription: bool = False
    fingerprint: str = ""  # of the order; empty until one was told
    customer_name: str = ""
    customer_email: str = ""
    customer_id: int | None = Field(default=None, index=True)  # as of a key: whoever the order named
    is_test: bool = False
    wanted: dict[str, Any] = json_column(dict)  # of keys yet to make: domains, labels, max_sites, note
    created_at: datetime = when(nullable=False)
    # What the facts make of it, rewritten with the keys by ``services.purchases_recompute`` alone.
    status: str = "pending"
    needs_review: bool = False
    flags: list[str] = json_column(list)
    reviews: list[str] = json_column(list)
    # Another one so like it, and so near, that it may be the same sale paid twice.
    twin_id: int | None = None

    __table_args__ = (
        UniqueConstraint("owner_id", "source", "ref"),
        Index("ix_purchase_owner_id_id", "owner_id", "id"),
        one_of("status", "pending", "paid", "failed"),
    )


class SaleFact(SQLModel, table=True):
    """The order: was it paid, and when."""

    __tablename__: ClassVar[str] = "purchase_sale"

    purchase_id: int = _of_purchase()
    sale_ref: str
    paid: bool
    failed: bool
    paid_at: datetime | None = when()
    starts_at: datetime | None = when()
    valid_until: datetime | None = when()
    amount_minor: int | None = _minor()
    currency: str
    payment_ref: str
    invoice_ref: str
    subscription_ref: str

    __table_args__ = (
        CheckConstraint("NOT paid OR paid_at IS NOT NULL", name="paid_at"),
        Index("ix_purchase_sale_sale_ref", "sale_ref"),
    )


class LineFact(SQLModel, table=True):
    """So many of a package, with the term that it was sold with."""

    __tablename__: ClassVar[str] = "purchase_line"

    purchase_id: int = _of_purchase()
    line_ref: str = Field(primary_key=True)
    package_id: int | None = Field(default=None, foreign_key="package.id", index=True)
    quantity: int
    term: dict[str, Any] | None = _json()
    grace: int = Field(sa_type=BigInteger)  # seconds
    quantity_mode: str


class PeriodFact(SQLModel, table=True):
    """A stretch of time that was paid."""

    __tablename__: ClassVar[str] = "paid_period"

    purchase_id: int = _of_purchase()
    period_ref: str = Field(primary_key=True)
    line_ref: str = Field(primary_key=True)
    starts_at: datetime | None = when()
    ends_at: datetime | None = when()
    paid_at: datetime | None = when()
    amount_minor: int | None = _minor()
    currency: str
    term: dict[str, Any] | None = _json()
    grace: int = Field(sa_type=BigInteger)  # seconds
    package_id: int | None = Field(default=None, foreign_key="package.id")
    quantity: int
    quantity_mode: str

    __table_args__ = (Index("ix_paid_period_period_ref", "period_ref"),)


class SnapshotFact(SQLModel, table=True):
    """A subscription as its provider showed it last."""

    __tablename__: ClassVar[str] = "subscription_snapshot"

    purchase_id: int = _of_purchase()
    subscription_ref: str
    status: str
    items: list[dict[str, Any]] = json_column(list)
    cancel_at: datetime | None = when()
    cancel_at_period_end: bool
    ended_at: datetime | None = when()
    version: list[Any] = json_column(list)
    unknown_status: str
    unknown_version: list[Any] = json_column(list)


class CancelFact(SQLModel, table=True):
    """No further payment will come."""

    __tablename__: ClassVar[str] = "purchase_cancel"

    purchase_id: int = _of_purchase()
    at: datetime = when(nullable=False)
    immediate: bool


class LinkFact(SQLModel, table=True):
    """A payment's name leads to what it paid for."""

    __tablename__: ClassVar[str] = "payment_link"

    owner_id: int = _of_owner()
    source: str = Field(primary_key=True)
    within: str = Field(primary_key=True)
    payment_ref: str = Field(primary_key=True)
    purchase_id: int | None = _perhaps_of_purchase()
    leads_to: str
    amount_minor: int | None = _minor()
    currency: str

    __table_args__ = (Index("ix_payment_link_owner_id_source_leads_to", "owner_id", "source", "leads_to"),)


class RefundFact(SQLModel, table=True):
    """Money that went back, or is about to."""

    __tablename__: ClassVar[str] = "refund"

    owner_id: int = _of_owner()
    source: str = Field(primary_key=True)
    within: str = Field(primary_key=True)
    refund_ref: str = Field(primary_key=True)
    purchase_id: int | None = _perhaps_of_purchase()
    payment_ref: str
    amount_minor: int | None = _minor()
    currency: str
    status: str
    kind: str
    unknown_status: str

    __table_args__ = (
        Index("ix_refund_owner_id_source_payment_ref", "owner_id", "source", "payment_ref"),
        one_of("kind", "refund", "reversal"),
    )


class FloorFact(SQLModel, table=True):
    """What a payment says of its own refunds."""

    __tablename__: ClassVar[str] = "refund_floor"

    owner_id: int = _of_owner()
    source: str = Field(primary_key=True)
    within: str = Field(primary_key=True)
    payment_ref: str = Field(primary_key=True)
    purchase_id: int | None = _perhaps_of_purchase()
    refunded_minor: int = Field(sa_type=BigInteger)
    total_minor: int | None = _minor()
    currency: str


class DisputeFact(SQLModel, table=True):
    """A payment that its buyer contests."""

    __tablename__: ClassVar[str] = "dispute"

    owner_id: int = _of_owner()
    source: str = Field(primary_key=True)
    within: str = Field(primary_key=True)
    dispute_ref: str = Field(primary_key=True)
    purchase_id: int | None = _perhaps_of_purchase()
    payment_ref: str
    status: str
    version: list[Any] = json_column(list)
    unknown_status: str
    unknown_version: list[Any] = json_column(list)

    __table_args__ = (Index("ix_dispute_owner_id_source_payment_ref", "owner_id", "source", "payment_ref"),)


class KeySlot(SQLModel, table=True):
    """The one key for one unit of a line. It stays when its key is deleted, so that no other is made for it."""

    __tablename__: ClassVar[str] = "key_slot"

    id: int | None = Field(default=None, primary_key=True)
    purchase_id: int = Field(foreign_key="purchase.id")
    line_ref: str
    unit_no: int
    key_id: int | None = Field(default=None, foreign_key="license_key.id", unique=True)
    package_id: int = Field(foreign_key="package.id", index=True)  # as the facts had it last; a person may move the key
    seats: int = 1  # likewise
    adopted: bool = False
    owned_until: datetime | None = when()  # of an adopted key: what it had before; empty: for good
    created_at: datetime = when(nullable=False)

    __table_args__ = (
        UniqueConstraint("purchase_id", "line_ref", "unit_no"),
        CheckConstraint("unit_no > 0 AND seats > 0", name="positive"),
    )
