"""What was answered to a POST with an ``Idempotency-Key``, so that the same call again has no second effect."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from bridge.models.base import when


class Replay(SQLModel, table=True):
    """One answered call. The primary key decides which of many equal calls at once has the effect."""

    __tablename__: ClassVar[str] = "idempotency_key"

    scope: str = Field(primary_key=True)  # a digest of caller, method, address and the key that was sent
    owner_id: int = Field(sa_type=BigInteger, index=True)
    fingerprint: str  # a digest of what was sent
    status: int
    body: str
    headers: str
    created_at: datetime = when(nullable=False, index=True)
