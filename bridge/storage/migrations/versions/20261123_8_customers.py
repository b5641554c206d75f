"""Customers: whose keys they are, and by what they are found."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_8_customers"
down_revision = "20261123_7_tokens"
branch_labels = None
depends_on = None

PLAIN = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", PLAIN, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", PLAIN, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_customer_owner_id_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("owner_id", "email_key", name=op.f("uq_customer_owner_id_email_key")),
    )
    op.create_index("ix_customer_owner_id_id", "customer", ["owner_id", "id"])
    op.create_index("ix_customer_owner_id_name_key_id", "customer", ["owner_id", "name_key", "id"])
    op.create_table(
        "customer_word",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("of_mail", sa.Boolean(), nullable=False),
        sa.Column("word", PLAIN, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_word_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "of_mail", "word", name=op.f("pk_customer_word")),
    )
    op.create_index("ix_customer_word_owner_id_of_mail_word", "customer_word", ["owner_id", "of_mail", "word"])
    op.create_table(
        "customer_past_key",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_past_key_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("customer_id", "key_id", name=op.f("pk_customer_past_key")),
    )
    op.create_index(op.f("ix_customer_past_key_key_id"), "customer_past_key", ["key_id"])
    op.add_column("license_key", sa.Column("customer_id", sa.Integer(), nullable=True))
    op.create_index("ix_license_key_customer_id_id", "license_key", ["customer_id", "id"])
    op.create_index("ix_license_key_package_id_customer_id", "license_key", ["package_id", "customer_id"])
    op.add_column("purchase", sa.Column("customer_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_purchase_customer_id"), "purchase", ["customer_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_purchase_customer_id"), "purchase")
    op.drop_column("purchase", "customer_id")
    op.drop_index("ix_license_key_package_id_customer_id", "license_key")
    op.drop_index("ix_license_key_customer_id_id", "license_key")
    # Not in a batch: that would make the table anew, and lose what no comparison of models knows of.
    op.drop_column("license_key", "customer_id")
    for table in ("customer_past_key", "customer_word", "customer"):
        op.drop_table(table)
