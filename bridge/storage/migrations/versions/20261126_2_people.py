"""People who signed in to the pages."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_2_people"
down_revision = "20261126_1_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_session",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.CheckConstraint("person_id > 0", name=op.f("ck_person_session_person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_person_session")),
    )
    with op.batch_alter_table("person_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_session_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_session_last_seen_at"), ["last_seen_at"], unique=False)


def downgrade() -> None:
    op.drop_table("person_session")
