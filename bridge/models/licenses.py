"""What is sold and who holds it: packages, keys, their codes, domains and sites."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Computed, Index, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from bridge.models.base import PerDatabase, UtcDateTime, json_column, one_of, only_where, when


class Package(SQLModel, table=True):
    """A tier that is sold: of an owner, or (with ``repo_id``) of one repo."""

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id", index=True)
    repo_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="repo.id", index=True)
    name: str
    name_key: str  # case-folded, unique within its level
    is_master: bool = False
    active: bool = True
    term_kind: str = "annual"
    term_days: int | None = None
    term_from: datetime | None = when()
    term_until: datetime | None = when()
    grace_days: int = 3
    after_expiry: str = "nothing"
    streams: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    editions: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    max_sites: int = 0
    local_sites: str = "free"
    unstated_domain: str = "accept"
    renewal_url: str = ""
    created_at: datetime = when(nullable=False)

    __table_args__ = (
        Index(
            "uq_package_master",
            "owner_id",
            unique=True,
            **only_where("is_master"),
        ),
        Index(
            "uq_package_owner_name",
            "owner_id",
            "name_key",
            unique=True,
            **only_where("repo_id IS NULL"),
        ),
        UniqueConstraint("repo_id", "name_key"),
        one_of("term_kind", "lifetime", "annual", "monthly", "days", "custom"),
        one_of("after_expiry", "nothing", "owned"),
        one_of("local_sites", "free", "count"),
        one_of("unstated_domain", "accept", "refuse"),
        CheckConstraint("(term_kind = 'days') = (term_days IS NOT NULL)", name="days"),
        CheckConstraint("term_days IS NULL OR term_days > 0", name="some_days"),
        CheckConstraint("max_sites >= 0 AND grace_days >= 0", name="not_negative"),
        CheckConstraint(
            "NOT is_master OR (repo_id IS NULL AND active AND term_kind = 'lifetime' AND max_sites = 0"
            " AND unstated_domain = 'accept' AND streams IS NULL AND editions IS NULL)",
            name="master_is_unlimited",
        ),
    )


class PackageRepo(SQLModel, table=True):
    """A repo that an owner-level package names. A package that names none opens them all."""

    __tablename__: ClassVar[str] = "package_repo"

    package_id: int = Field(primary_key=True, foreign_key="package.id")
    repo_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="repo.id", index=True)


class LicenseKey(SQLModel, table=True):
    """What a customer holds. Its codes, domains and sites stand in tables of their own."""

    __tablename__: ClassVar[str] = "license_key"

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_type=BigInteger, foreign_key="owner.id")
    package_id: int = Field(foreign_key="package.id")
    # Whose it is, by owner and mail address; none without an address. ``storage.customers`` sets it. No foreign key: to
    # add one, SQLite would have to make this table anew, under those that refer to it.
    customer_id: int | None = None
    is_master: bool = False
    is_test: bool = False
    feed_token: str = Field(unique=True)
    customer_name: str = ""
    customer_email: str = ""
    note: str = ""
    payment_ref: str = ""
    labels: list[str] = json_column(list)
    max_sites: int | None = None
    starts_at: datetime = when(nullable=False)
    expires_at: datetime | None = when(index=True)  # what the term or the payments give
    edit_kind: str | None = None  # a person's word beside it
    edit_until: datetime | None = when()
    suspended_at: datetime | None = when()
    revoked_at: datetime | None = when()
    revoke_reason: str = ""
    # What the facts about the money make of it, rewritten by ``services.purchases`` alone, like ``expires_at``.
    payment_hold: str | None = None
    payment_reason: str | None = None
    paid_grace_until: datetime | None = when()
    created_at: datetime = when(nullable=False)

    __table_args__ = (
        Index("ix_license_key_owner_id_created_at", "owner_id", "created_at"),
        # Lists are walked package by package, each in the order asked for, and merged: see storage.key_search.
        Index("ix_license_key_package_id_id", "package_id", "id"),
        Index("ix_license_key_package_id_starts_at_id", "package_id", "starts_at", "id"),
        Index(
            "uq_license_key_live_master",
            "package_id",
            unique=True,
            **only_where("is_master AND revoked_at IS NULL"),
        ),
        Index("ix_license_key_customer_id_id", "customer_id", "id"),
        Index("ix_license_key_package_id_customer_id", "package_id", "customer_id"),
        CheckConstraint("edit_kind IS NULL OR edit_kind IN ('extend', 'fix')", name="edit_kind"),
        CheckConstraint(
            "NOT is_master OR (expires_at IS NULL AND edit_kind IS NULL AND max_sites IS NULL"
            " AND suspended_at IS NULL AND NOT is_test)",
            name="master_is_unlimited",
        ),
        CheckConstraint("max_sites IS NULL OR max_sites >= 0", name="not_negative"),
    )


# What lists are sorted by, computed by the database from facts. They belong to the table and not to the class: nobody
# sets them, and a mapped one would be read back after each write.
LicenseKey.__table__.append_column(  # type: ignore[attr-defined]
    Column(
        "ends_at",  # rules.terms.effective_expiry; no end is after every end
        UtcDateTime,
        Computed(
            PerDatabase(
                sqlite="coalesce(CASE WHEN edit_kind IS NULL THEN expires_at WHEN edit_kind = 'fix' THEN edit_until"
                " WHEN edit_until > expires_at THEN edit_until WHEN edit_until <= expires_at THEN expires_at END,"
                " 'infinity')",
                postgresql="COALESCE(CASE WHEN (edit_kind IS NULL) THEN expires_at"
                " WHEN ((edit_kind)::text = 'fix'::text) THEN edit_until WHEN (edit_until > expires_at) THEN edit_until"
                " WHEN (edit_until <= expires_at) THEN expires_at ELSE NULL::timestamp with time zone END,"
                " 'infinity'::timestamp with time zone)",
            ),
            persisted=True,  # PostgreSQL has no index on others; the migration leaves it out on SQLite
        ),
    )
)
LicenseKey.__table__.append_column(  # type: ignore[attr-defined]
    Column(
        "customer_key",
        String().with_variant(String(collation="C"), "postgresql"),
        Computed(PerDatabase(sqlite="lower(customer_name)", postgresql="lower((customer_name)::text)"), persisted=True),
    )
)
for _column in ("ends_at", "customer_key"):
    Index(
        f"ix_license_key_package_id_{_column}_id",
        *(LicenseKey.__table__.c[name] for name in ("package_id", _column, "id")),  # type: ignore[attr-defined]
    )


class KeyCode(SQLModel, table=True):
    """A text that opens a key. Native codes are unique; one legacy code may stand for several keys."""

    __tablename__: ClassVar[str] = "key_code"

    code: str = Field(primary_key=True)
    key_id: int = Field(primary_key=True, foreign_key="license_key.id", index=True)
    native: bool = True
    created_at: datetime = when(nullable=False)
    valid_until: datetime | None = when()  # set when it was replaced

    __table_args__ = (Index("uq_key_code_native", "code", unique=True, **only_where("native")),)


class KeyDomain(SQLModel, table=True):
    """A domain, or a wildcard, that a key is assigned to."""

    __tablename__: ClassVar[str] = "key_domain"

    key_id: int = Field(primary_key=True, foreign_key="license_key.id")
    pattern: str = Field(primary_key=True, index=True)


class Site(SQLModel, table=True):
    """A domain that has used a key. ``slot`` numbers the sites that count, so a limit is a unique constraint."""

    id: int | None = Field(default=None, primary_key=True)
    key_id: int = Field(foreign_key="license_key.id", index=True)
    host: str
    kind: str
    slot: int | None = None
    registrable: str = ""
    first_seen_at: datetime = when(nullable=False)
    last_seen_at: datetime = when(nullable=False)
    freed_at: datetime | None = when()

    __table_args__ = (
        Index(
            "uq_site_live_host",
            "key_id",
            "host",
            unique=True,
            **only_where("freed_at IS NULL"),
        ),
        Index("ix_site_host", "host", **only_where("freed_at IS NULL")),
        UniqueConstraint("key_id", "slot"),
        one_of("kind", "production", "local", "staging"),
        CheckConstraint("slot IS NULL OR (slot > 0 AND freed_at IS NULL)", name="slot"),
    )
