"""Tokens for machines: what is known of them, which is never the token itself."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from bridge.models.base import json_column, when

MOST_LIVE_TOKENS = 100


class MachineToken(SQLModel, table=True):
    """A token of an owner, or (with ``repo_id``) of one repo. ``slot`` numbers the live ones, so their limit holds."""

    __tablename__: ClassVar[str] = "machine_token"

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id")
    repo_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="repo.id", index=True)
    name: str
    digest: str = Field(unique=True)
    hint: str  # its last symbols
    scopes: list[str] = json_column(list)
    maker_id: int = Field(sa_type=BigInteger)  # whose rights it has, by Gitea's id
    maker_login: str  # what Gitea called them when they made it
    slot: int | None = None
    created_at: datetime = when(nullable=False)
    expires_at: datetime | None = when()
    last_used_at: datetime | None = when()  # the minute
    revoked_at: datetime | None = when()

    __table_args__ = (
        UniqueConstraint("owner_id", "slot"),
        CheckConstraint(
            f"slot IS NULL OR (slot BETWEEN 1 AND {MOST_LIVE_TOKENS} AND revoked_at IS NULL)",
            name="slot",
        ),
        CheckConstraint("maker_id > 0", name="maker"),
    )
