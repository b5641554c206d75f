"""The first tables: deliveries, the refresh queue, usage, audit, heartbeats."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_3_machinery"
down_revision = '20261123_2_licenses'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("repo_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_repo_id"), ["repo_id"], unique=False)
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "hook_delivery",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "delivery_id", name=op.f("pk_hook_delivery")),
    )
    with op.batch_alter_table("hook_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hook_delivery_received_at"), ["received_at"], unique=False)
    op.create_table(
        "refresh",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", name=op.f("pk_refresh")),
    )
    with op.batch_alter_table("refresh", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_due_at"), ["due_at"], unique=False)
    op.create_table(
        "usage_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("cms", sa.String(), nullable=False),
        sa.Column("php", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('feed', 'download', 'changelog', 'collection', 'version', 'validate')",
            name=op.f("ck_usage_day_kind"),
        ),
        sa.CheckConstraint("count > 0", name=op.f("ck_usage_day_count")),
        sa.PrimaryKeyConstraint(
            "day", "repo_id", "key_id", "site", "kind", "code", "version", "cms", "php", name=op.f("pk_usage_day")
        ),
    )
    with op.batch_alter_table("usage_day", schema=None) as batch_op:
        batch_op.create_index("ix_usage_day_key_id_day", ["key_id", "day"], unique=False)
        batch_op.create_index("ix_usage_day_repo_id_day", ["repo_id", "day"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("usage_day", schema=None) as batch_op:
        batch_op.drop_index("ix_usage_day_repo_id_day")
        batch_op.drop_index("ix_usage_day_key_id_day")
    op.drop_table("usage_day")
    with op.batch_alter_table("refresh", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_due_at"))
    op.drop_table("refresh")
    with op.batch_alter_table("hook_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hook_delivery_received_at"))
    op.drop_table("hook_delivery")
    op.drop_table("heartbeat")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_repo_id"))
        batch_op.drop_index(batch_op.f("ix_audit_owner_id"))
        batch_op.drop_index(batch_op.f("ix_audit_at"))
    op.drop_table("audit")
