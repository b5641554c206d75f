"""Owners' own words for mails; what is asked of the outbox and of sales by name."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_4_mail"
down_revision = "20261126_2_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_template",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_mail_template_owner_id_owner")),
        sa.PrimaryKeyConstraint("owner_id", "kind", "language", name=op.f("pk_mail_template")),
    )
    op.create_index("ix_outbox_owner_id_sent_at", "outbox", ["owner_id", "sent_at"], unique=False)
    op.create_index("ix_purchase_sale_sale_ref", "purchase_sale", ["sale_ref"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_purchase_sale_sale_ref", table_name="purchase_sale")
    op.drop_index("ix_outbox_owner_id_sent_at", table_name="outbox")
    op.drop_table("mail_template")
