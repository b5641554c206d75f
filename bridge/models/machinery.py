"""What keeps the machine going: hook deliveries, the refresh queue, usage counts, the audit trail, heartbeats."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Integer
from sqlmodel import Field, SQLModel

from bridge.models.base import one_of, only_where, when


class HookDelivery(SQLModel, table=True):
    """A delivery that was accepted. Its id is unique, so a replay changes nothing."""

    __tablename__: ClassVar[str] = "hook_delivery"

    source: str = Field(primary_key=True)  # "gitea"; each payment endpoint will be one more
    delivery_id: str = Field(primary_key=True)
    event: str
    repo_id: int | None = Field(default=None, sa_type=BigInteger)
    received_at: datetime = when(nullable=False, index=True)


class Refresh(SQLModel, table=True):
    """A repo to re-read. One row a repo: another hook moves it up and raises ``stamp``, so none is lost meanwhile."""

    repo_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    full_name: str = ""
    reason: str
    due_at: datetime = when(nullable=False, index=True)
    step: int = 0
    stamp: int = 0
    digest: str = ""  # what the last read saw
    attempts: int = 0
    claimed_until: datetime | None = when()
    last_error: str = ""


class UsageDay(SQLModel, table=True):
    """How often something happened on a day (UTC). Zero and empty mean: none, or not stated.

    What is counted together is the key: a number of its own would be used up by PostgreSQL with every count that is
    added to a row, and run out within a year.
    """

    __tablename__: ClassVar[str] = "usage_day"

    day: date = Field(primary_key=True)
    repo_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    key_id: int = Field(default=0, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    site: str = Field(default="", primary_key=True)
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    version: str = Field(default="", primary_key=True)
    cms: str = Field(default="", primary_key=True)
    php: str = Field(default="", primary_key=True)
    count: int = Field(default=0, sa_type=BigInteger)

    __table_args__ = (
        Index("ix_usage_day_repo_id_day", "repo_id", "day"),
        Index("ix_usage_day_key_id_day", "key_id", "day"),
        one_of("kind", "feed", "download", "changelog", "collection", "version", "validate"),
        CheckConstraint("count > 0", name="count"),
    )


# Rows of the audit trail that have an index of their own: with a person's address; of what is gone for good.
ADDRESS = "origin <> '' AND substr(actor, 1, 4) <> 'cli:'"
DELETION = "action IN ('customer.erase', 'key.delete', 'package.delete')"


class Audit(SQLModel, table=True):
    """Who changed what. Written in the transaction of the change itself."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = when(nullable=False, index=True)
    actor: str  # "cli:root", "gitea:17", "token:3", "worker"
    origin: str = ""  # an address, or the host name of a command line
    action: str
    owner_id: int | None = Field(default=None, sa_type=BigInteger)
    repo_id: int | None = Field(default=None, sa_type=BigInteger)
    subject: str = ""  # "key:12"
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))

    __table_args__ = (
        Index("ix_audit_owner_id_id", "owner_id", "id"),
        Index("ix_audit_repo_id_id", "repo_id", "id"),
        Index("ix_audit_subject_id", "subject", "id"),
        Index("ix_audit_address", "at", **only_where(ADDRESS)),
        Index("ix_audit_deletion", "id", **only_where(DELETION)),
    )


class Heartbeat(SQLModel, table=True):
    """When a long-running process was last alive."""

    name: str = Field(primary_key=True)
    beat_at: datetime = when(nullable=False)
