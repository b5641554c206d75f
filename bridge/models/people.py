"""People who signed in to the pages."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column
from sqlmodel import Field, SQLModel

from bridge.models.base import json_column, when


class PersonSession(SQLModel, table=True):
    """One browser of one person. What they may is asked of Gitea each time; here stands only who they are.

    ``draft``: a form that was sent when the session was over, as ``{"address", "fields"}``, to be filled in again once
    the same person is back. ``notices``: what is to be said on the next page, as ``{"kind", "text", "link", "label"}``.
    """

    __tablename__: ClassVar[str] = "person_session"

    digest: str = Field(primary_key=True)  # of what the cookie holds
    person_id: int = Field(sa_type=BigInteger, index=True)
    login: str
    full_name: str = ""
    theme: str = ""
    language: str = ""
    created_at: datetime = when(nullable=False)
    last_seen_at: datetime = when(nullable=False, index=True)
    ended_at: datetime | None = when()
    draft: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    notices: list[dict[str, str]] = json_column(list)

    __table_args__ = (CheckConstraint("person_id > 0", name="person"),)
