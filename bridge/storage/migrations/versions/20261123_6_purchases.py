"""What was sold, and what became of the money."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_6_purchases"
down_revision = "20261123_5_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place: a batch would make the table anew, under those that refer to it.
    op.add_column("license_key", sa.Column("payment_hold", sa.String(), nullable=True))
    op.add_column("license_key", sa.Column("payment_reason", sa.String(), nullable=True))
    op.add_column("license_key", sa.Column("paid_grace_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "purchase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("subscription", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("customer_name", sa.String(), nullable=False),
        sa.Column("customer_email", sa.String(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("reviews", sa.JSON(), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'paid', 'failed')", name=op.f("ck_purchase_status")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_purchase_owner_id_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("owner_id", "source", "ref", name=op.f("uq_purchase_owner_id_source_ref")),
    )
    op.create_index("ix_purchase_owner_id_id", "purchase", ["owner_id", "id"])
    op.create_table(
        "dispute",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("dispute_ref", sa.String(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=True),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.JSON(), nullable=False),
        sa.Column("unknown_status", sa.String(), nullable=False),
        sa.Column("unknown_version", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_dispute_owner_id_owner")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_dispute_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("owner_id", "source", "within", "dispute_ref", name=op.f("pk_dispute")),
    )
    op.create_index("ix_dispute_owner_id_source_payment_ref", "dispute", ["owner_id", "source", "payment_ref"])
    op.create_index(op.f("ix_dispute_purchase_id"), "dispute", ["purchase_id"])
    op.create_table(
        "payment_link",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=True),
        sa.Column("leads_to", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_payment_link_owner_id_owner")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_payment_link_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("owner_id", "source", "within", "payment_ref", name=op.f("pk_payment_link")),
    )
    op.create_index("ix_payment_link_owner_id_source_leads_to", "payment_link", ["owner_id", "source", "leads_to"])
    op.create_index(op.f("ix_payment_link_purchase_id"), "payment_link", ["purchase_id"])
    op.create_table(
        "purchase_cancel",
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("immediate", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_cancel_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f("pk_purchase_cancel")),
    )
    op.create_table(
        "purchase_sale",
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("sale_ref", sa.String(), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("invoice_ref", sa.String(), nullable=False),
        sa.Column("subscription_ref", sa.String(), nullable=False),
        sa.CheckConstraint("NOT paid OR paid_at IS NOT NULL", name=op.f("ck_purchase_sale_paid_at")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_sale_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f("pk_purchase_sale")),
    )
    op.create_table(
        "refund",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("refund_ref", sa.String(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=True),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unknown_status", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('refund', 'reversal')", name=op.f("ck_refund_kind")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_refund_owner_id_owner")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_refund_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("owner_id", "source", "within", "refund_ref", name=op.f("pk_refund")),
    )
    op.create_index("ix_refund_owner_id_source_payment_ref", "refund", ["owner_id", "source", "payment_ref"])
    op.create_index(op.f("ix_refund_purchase_id"), "refund", ["purchase_id"])
    op.create_table(
        "refund_floor",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_refund_floor_owner_id_owner")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_refund_floor_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("owner_id", "source", "within", "payment_ref", name=op.f("pk_refund_floor")),
    )
    op.create_index(op.f("ix_refund_floor_purchase_id"), "refund_floor", ["purchase_id"])
    op.create_table(
        "subscription_snapshot",
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("subscription_ref", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("cancel_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.JSON(), nullable=False),
        sa.Column("unknown_status", sa.String(), nullable=False),
        sa.Column("unknown_version", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_subscription_snapshot_purchase_id_purchase")
        ),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f("pk_subscription_snapshot")),
    )
    op.create_table(
        "paid_period",
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("period_ref", sa.String(), nullable=False),
        sa.Column("line_ref", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("term", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("grace", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("quantity_mode", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_paid_period_package_id_package")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_paid_period_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("purchase_id", "period_ref", "line_ref", name=op.f("pk_paid_period")),
    )
    op.create_index("ix_paid_period_period_ref", "paid_period", ["period_ref"])
    op.create_table(
        "purchase_line",
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("line_ref", sa.String(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("term", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("grace", sa.BigInteger(), nullable=False),
        sa.Column("quantity_mode", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_purchase_line_package_id_package")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_line_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("purchase_id", "line_ref", name=op.f("pk_purchase_line")),
    )
    op.create_index(op.f("ix_purchase_line_package_id"), "purchase_line", ["package_id"])
    op.create_table(
        "key_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=False),
        sa.Column("line_ref", sa.String(), nullable=False),
        sa.Column("unit_no", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("owned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("unit_no > 0 AND seats > 0", name=op.f("ck_key_slot_positive")),
        sa.ForeignKeyConstraint(["key_id"], ["license_key.id"], name=op.f("fk_key_slot_key_id_license_key")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_key_slot_package_id_package")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_key_slot_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_slot")),
        sa.UniqueConstraint("key_id", name=op.f("uq_key_slot_key_id")),
        sa.UniqueConstraint(
            "purchase_id", "line_ref", "unit_no", name=op.f("uq_key_slot_purchase_id_line_ref_unit_no")
        ),
    )
    op.create_index(op.f("ix_key_slot_package_id"), "key_slot", ["package_id"])


def downgrade() -> None:
    for table in (
        "key_slot",
        "purchase_line",
        "paid_period",
        "subscription_snapshot",
        "refund_floor",
        "refund",
        "purchase_sale",
        "purchase_cancel",
        "payment_link",
        "dispute",
        "purchase",
    ):
        op.drop_table(table)
    for column in ("paid_grace_until", "payment_reason", "payment_hold"):
        op.drop_column("license_key", column)
