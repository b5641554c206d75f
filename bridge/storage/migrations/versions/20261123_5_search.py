"""How keys are found among a million."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_5_search"
down_revision = "20261123_4_replays"
branch_labels = None
depends_on = None

_ENDS_AT = (
    "coalesce(CASE WHEN edit_kind IS NULL THEN expires_at WHEN edit_kind = 'fix' THEN edit_until"
    " WHEN edit_until > expires_at THEN edit_until WHEN edit_until <= expires_at THEN expires_at END, 'infinity')"
)


def _where(condition):
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    # SQLite adds a computed column in place only where it is not stored; PostgreSQL has an index on stored ones only.
    stored = None if op.get_bind().dialect.name == "sqlite" else True
    op.add_column("license_key", sa.Column("ends_at", sa.DateTime(timezone=True), sa.Computed(_ENDS_AT, stored)))
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.add_column("license_key", sa.Column("customer_key", text, sa.Computed("lower(customer_name)", stored)))
    op.drop_index("ix_license_key_owner_id", "license_key")
    op.drop_index("ix_license_key_package_id", "license_key")
    op.create_index("ix_license_key_owner_id_created_at", "license_key", ["owner_id", "created_at"])
    op.create_index("ix_license_key_package_id_id", "license_key", ["package_id", "id"])
    op.create_index("ix_license_key_package_id_ends_at_id", "license_key", ["package_id", "ends_at", "id"])
    op.create_index("ix_license_key_package_id_customer_key_id", "license_key", ["package_id", "customer_key", "id"])
    op.create_index("ix_license_key_package_id_starts_at_id", "license_key", ["package_id", "starts_at", "id"])
    op.create_index("ix_site_host", "site", ["host"], **_where("freed_at IS NULL"))
    op.drop_index("ix_audit_owner_id", "audit")
    op.drop_index("ix_audit_repo_id", "audit")
    for column in ("owner_id", "repo_id", "subject"):
        op.create_index(f"ix_audit_{column}_id", "audit", [column, "id"])


def downgrade() -> None:
    for column in ("owner_id", "repo_id", "subject"):
        op.drop_index(f"ix_audit_{column}_id", "audit")
    op.create_index("ix_audit_repo_id", "audit", ["repo_id"])
    op.create_index("ix_audit_owner_id", "audit", ["owner_id"])
    op.drop_index("ix_site_host", "site")
    for name in ("package_id_starts_at_id", "package_id_customer_key_id",
                 "package_id_ends_at_id", "package_id_id", "owner_id_created_at"):
        op.drop_index(f"ix_license_key_{name}", "license_key")
    op.create_index("ix_license_key_package_id", "license_key", ["package_id"])
    op.create_index("ix_license_key_owner_id", "license_key", ["owner_id"])
    op.drop_column("license_key", "customer_key")
    op.drop_column("license_key", "ends_at")
