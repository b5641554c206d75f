"""Accounts at payment providers, what they tell, and what is to be sent."""

import sqlalchemy as sa
from alembic import op


revision = "20261126_1_payments"
down_revision = "20261123_8_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place: a batch would make the table anew, under those that refer to it.
    op.add_column("purchase", sa.Column("twin_id", sa.Integer(), nullable=True))
    op.create_table(
        "payment_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("api_key", sa.String(), nullable=False),
        sa.Column("webhook_ref", sa.String(), nullable=False),
        sa.Column("api_version", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("sells_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("bad_signatures", sa.Integer(), nullable=False),
        sa.Column("stale_signatures", sa.Integer(), nullable=False),
        sa.Column("last_refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sweep_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('live', 'test')", name=op.f("ck_payment_account_mode")),
        sa.CheckConstraint("provider IN ('stripe', 'paypal')", name=op.f("ck_payment_account_provider")),
        sa.CheckConstraint("status IN ('active', 'paused', 'disabled')", name=op.f("ck_payment_account_status")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_payment_account_owner_id_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_account")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_payment_account_endpoint")),
        sa.UniqueConstraint("owner_id", "source", name=op.f("uq_payment_account_owner_id_source")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.Integer(), nullable=True),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('new', 'leased', 'sent', 'dropped', 'dead')", name=op.f("ck_outbox_status")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_outbox_owner_id_owner")),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchase.id"], name=op.f("fk_outbox_purchase_id_purchase")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.create_index(op.f("ix_outbox_owner_id"), "outbox", ["owner_id"])
    op.create_index(op.f("ix_outbox_purchase_id"), "outbox", ["purchase_id"])
    op.create_table(
        "payment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("object_type", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=True),
        sa.Column("api_version", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("effect", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source IN ('webhook', 'poll', 'page', 'replay')", name=op.f("ck_payment_event_source")),
        sa.CheckConstraint(
            "status IN ('new', 'leased', 'processed', 'ignored', 'failed', 'dead')",
            name=op.f("ck_payment_event_status"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payment_account.id"], name=op.f("fk_payment_event_account_id_payment_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
        sa.UniqueConstraint(
            "account_id", "event_id", "event_type", name=op.f("uq_payment_event_account_id_event_id_event_type")
        ),
    )
    op.create_index("ix_payment_event_account_id_object_id", "payment_event", ["account_id", "object_id"])
    op.create_index("ix_payment_event_account_id_ref", "payment_event", ["account_id", "ref"])
    op.create_index("ix_payment_event_account_id_status", "payment_event", ["account_id", "status"])
    op.create_index("ix_payment_event_due_at", "payment_event", ["due_at"])
    op.create_table(
        "webhook_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payment_account.id"], name=op.f("fk_webhook_secret_account_id_payment_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secret")),
    )
    op.create_index(op.f("ix_webhook_secret_account_id"), "webhook_secret", ["account_id"])
    op.create_table(
        "payment_order",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("price_ref", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payment_account.id"], name=op.f("fk_payment_order_account_id_payment_account")
        ),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_payment_order_package_id_package")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_order")),
    )
    op.create_index(op.f("ix_payment_order_account_id"), "payment_order", ["account_id"])
    op.create_index(op.f("ix_payment_order_created_at"), "payment_order", ["created_at"])
    op.create_index(op.f("ix_payment_order_package_id"), "payment_order", ["package_id"])
    op.create_table(
        "price_map",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("match_type", sa.String(), nullable=False),
        sa.Column("match_value", sa.String(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("quantity_mode", sa.String(), nullable=False),
        sa.Column("recurring", sa.Boolean(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("interval_unit", sa.String(), nullable=False),
        sa.Column("interval_count", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "match_type IN ('price', 'product', 'payment_link', 'plan', 'metadata')",
            name=op.f("ck_price_map_match_type"),
        ),
        sa.CheckConstraint("quantity_mode IN ('', 'keys', 'sites')", name=op.f("ck_price_map_quantity_mode")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payment_account.id"], name=op.f("fk_price_map_account_id_payment_account")
        ),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_price_map_package_id_package")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_map")),
        sa.UniqueConstraint(
            "account_id", "match_type", "match_value", name=op.f("uq_price_map_account_id_match_type_match_value")
        ),
    )
    op.create_index(op.f("ix_price_map_package_id"), "price_map", ["package_id"])


def downgrade() -> None:
    for table in ("price_map", "payment_order", "webhook_secret", "payment_event", "outbox", "payment_account"):
        op.drop_table(table)
    op.drop_column("purchase", "twin_id")
