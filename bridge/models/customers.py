"""Who holds keys: one row for each mail address that an owner's keys name, and by what it is found."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from bridge.models.base import when

# Compared and sorted by code points on every database, so that beginnings are ranges of an index.
_PLAIN = String().with_variant(String(collation="C"), "postgresql")


class Customer(SQLModel, table=True):
    """A person as one owner knows it: a mail address, in whatever case it is written.

    It stays when its last key goes to somebody else, since the audit trail still tells of it.
    """

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id")
    email: str  # as it was written last
    email_key: str = Field(sa_column=Column(_PLAIN, nullable=False))  # rules.customers.mail_key
    name: str = ""  # as it was stated last
    name_key: str = Field(default="", sa_column=Column(_PLAIN, nullable=False))
    created_at: datetime = when(nullable=False)

    __table_args__ = (
        UniqueConstraint("owner_id", "email_key"),
        Index("ix_customer_owner_id_id", "owner_id", "id"),
        Index("ix_customer_owner_id_name_key_id", "owner_id", "name_key", "id"),
    )


class CustomerWord(SQLModel, table=True):
    """A beginning by which a customer is found: its name or mail address from one of their words on."""

    __tablename__: ClassVar[str] = "customer_word"

    customer_id: int = Field(primary_key=True, foreign_key="customer.id")
    of_mail: bool = Field(primary_key=True)
    word: str = Field(sa_column=Column(_PLAIN, primary_key=True))
    owner_id: int = Field(sa_type=BigInteger)

    __table_args__ = (Index("ix_customer_word_owner_id_of_mail_word", "owner_id", "of_mail", "word"),)


class CustomerPastKey(SQLModel, table=True):
    """A key that was a customer's until then: the audit trail tells of both under the key's number.

    The key may be somebody else's by now, or deleted.
    """

    __tablename__: ClassVar[str] = "customer_past_key"

    customer_id: int = Field(primary_key=True, foreign_key="customer.id")
    key_id: int = Field(primary_key=True, index=True)
    left_at: datetime = when(nullable=False)
