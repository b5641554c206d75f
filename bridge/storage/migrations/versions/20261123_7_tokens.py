"""Machine tokens."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_7_tokens"
down_revision = "20261123_6_purchases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "machine_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("maker_id", sa.BigInteger(), nullable=False),
        sa.Column("maker_login", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("maker_id > 0", name=op.f("ck_machine_token_maker")),
        sa.CheckConstraint(
            "slot IS NULL OR (slot BETWEEN 1 AND 100 AND revoked_at IS NULL)", name=op.f("ck_machine_token_slot")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_machine_token_owner_id_owner")),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"], name=op.f("fk_machine_token_repo_id_repo")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_machine_token_digest")),
        sa.UniqueConstraint("owner_id", "slot", name=op.f("uq_machine_token_owner_id_slot")),
    )
    with op.batch_alter_table("machine_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_machine_token_repo_id"), ["repo_id"], unique=False)


def downgrade() -> None:
    op.drop_table("machine_token")
