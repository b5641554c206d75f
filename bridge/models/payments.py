"""Accounts at payment providers: how they prove what they tell, what they told, what sells what, what is to be sent.

Secrets stand here encrypted only (`bridge.payments.vault`). An account's ``source`` is the word by which its purchases
name it (`bridge.models.purchases`): ``stripe``, or ``stripe-test-shop2`` for a labelled account in test mode. So two
accounts of one owner never meet, and keys that were bound to ``stripe`` before the account came find it.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from bridge.models.base import json_column, one_of, only_where, when


class PaymentAccount(SQLModel, table=True):
    """One account of an owner at a provider, in one mode."""

    __tablename__: ClassVar[str] = "payment_account"

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id")
    provider: str
    mode: str
    label: str = ""
    source: str
    endpoint: str = Field(unique=True)  # 128 random bits in its address
    provider_ref: str = ""  # what the provider calls the account, where it tells
    client_id: str = ""
    api_key: str = ""  # encrypted; empty: what is pushed is believed, nothing can be fetched
    webhook_ref: str = ""  # what the provider calls our endpoint
    api_version: str = ""
    status: str = "active"
    policy: dict[str, Any] = json_column(dict)
    sells_since: datetime | None = when()  # sales made before are nobody's; empty: all count
    ticket: int = Field(default=0, sa_type=BigInteger)  # the last one drawn before a fetch
    bad_signatures: int = 0
    stale_signatures: int = 0
    last_refused_at: datetime | None = when()
    last_error: str = ""
    last_error_at: datetime | None = when()
    polled_until: datetime | None = when()  # events up to here were looked through
    poll_at: datetime | None = when()  # when they are looked through next
    sweep_at: datetime | None = when()  # when all objects are
    created_at: datetime = when(nullable=False)

    __table_args__ = (
        UniqueConstraint("owner_id", "source"),
        one_of("provider", "stripe", "paypal"),
        one_of("mode", "live", "test"),
        one_of("status", "active", "paused", "disabled"),
    )


class WebhookSecret(SQLModel, table=True):
    """A secret with which deliveries may be signed. Several at once, so that one is replaced without a gap."""

    __tablename__: ClassVar[str] = "webhook_secret"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="payment_account.id", index=True)
    secret: str  # encrypted
    last4: str
    not_after: datetime | None = when()
    created_at: datetime = when(nullable=False)


class PaymentEvent(SQLModel, table=True):
    """The inbox. What was told once is there once; what it means is found out by the worker, who leases it."""

    __tablename__: ClassVar[str] = "payment_event"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="payment_account.id")
    event_id: str
    event_type: str
    object_type: str = ""
    object_id: str = ""
    ref: str = ""  # of the purchase that it turned out to be about
    told_at: datetime | None = when()  # by the provider's clock
    livemode: bool | None = None
    api_version: str = ""
    source: str
    payload: str | None = Field(default=None, sa_type=Text)  # as it came; empty once it was redacted
    sha256: str = ""
    proof: dict[str, Any] = json_column(dict)  # what the worker has yet to check of the delivery
    status: str = "new"
    code: str = ""  # why it was ignored or failed, in one word; `rules.payments.reports` lists them
    reason: str = ""  # the same in a sentence
    effect: dict[str, Any] = json_column(dict)  # what it changed
    attempts: int = 0
    due_at: datetime | None = when()  # the next attempt, or the end of the lease; empty: nothing is to be done
    deliveries: int = 1
    received_at: datetime = when(nullable=False)
    processed_at: datetime | None = when()

    __table_args__ = (
        UniqueConstraint("account_id", "event_id", "event_type"),
        Index("ix_payment_event_due_at", "due_at"),
        Index("ix_payment_event_due_at_received_at", "due_at", "received_at"),
        Index("ix_payment_event_told", "due_at", "received_at", **only_where("payload IS NOT NULL")),
        Index("ix_payment_event_account_id_object_id", "account_id", "object_id"),
        Index("ix_payment_event_account_id_ref", "account_id", "ref"),
        Index("ix_payment_event_account_id_status", "account_id", "status"),
        one_of("source", "webhook", "poll", "page", "replay"),
        one_of("status", "new", "leased", "processed", "ignored", "failed", "dead"),
    )


class PriceMap(SQLModel, table=True):
    """What of the provider's is which package of ours."""

    __tablename__: ClassVar[str] = "price_map"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="payment_account.id")
    match_type: str
    match_value: str
    package_id: int = Field(foreign_key="package.id", index=True)
    quantity_mode: str = ""  # empty: as the account's policy says
    recurring: bool = False  # a price of a subscription
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str = ""
    interval_unit: str = ""
    interval_count: int = 1

    __table_args__ = (
        UniqueConstraint("account_id", "match_type", "match_value"),
        one_of("match_type", "price", "product", "payment_link", "plan", "metadata"),
        one_of("quantity_mode", "", "keys", "sites"),
    )


class PaymentOrder(SQLModel, table=True):
    """A sale that was begun here. Written before the provider hears of it, so nothing that comes back is a stranger."""

    __tablename__: ClassVar[str] = "payment_order"

    id: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="payment_account.id", index=True)
    package_id: int = Field(foreign_key="package.id", index=True)
    price_ref: str = ""
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str = ""
    ref: str = ""  # what the provider calls it; empty until it answered
    created_at: datetime = when(nullable=False, index=True)


class Outbox(SQLModel, table=True):
    """What is to be sent, once. Written in the transaction of what it tells of, so there is none without the other."""

    __tablename__: ClassVar[str] = "outbox"

    id: int | None = Field(default=None, primary_key=True)
    dedupe_key: str = Field(unique=True)
    kind: str
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id", index=True)
    purchase_id: int | None = Field(default=None, foreign_key="purchase.id", index=True)
    reference: dict[str, Any] = json_column(dict)  # what it is about: ids, never addresses or codes
    status: str = "new"
    attempts: int = 0
    due_at: datetime | None = when()
    message_id: str = ""  # the same for each attempt
    last_error: str = ""
    created_at: datetime = when(nullable=False)
    sent_at: datetime | None = when()

    __table_args__ = (
        Index("ix_outbox_due_at", "due_at"),
        Index("ix_outbox_due_at_created_at", "due_at", "created_at"),
        Index("ix_outbox_owner_id_sent_at", "owner_id", "sent_at"),
        one_of("status", "new", "leased", "sent", "dropped", "dead"),
    )


class MailTemplate(SQLModel, table=True):
    """An owner's own words for a kind of mail in a language, instead of the usual ones."""

    __tablename__: ClassVar[str] = "mail_template"

    owner_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="owner.id")
    kind: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    source: str = Field(sa_type=Text)
    updated_at: datetime = when(nullable=False)
