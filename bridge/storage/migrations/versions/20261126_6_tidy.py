"""What is tidied up every hour, and what a site admin deleted, are found without looking through everything."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_6_tidy"
down_revision = "20261126_4_mail"
branch_labels = None
depends_on = None

# Both take the place of an index on due_at alone, which they do as well.
_QUEUES = (("payment_event", "received_at"), ("outbox", "created_at"))
_ADDRESS = "origin <> '' AND substr(actor, 1, 4) <> 'cli:'"
_DELETION = "action IN ('customer.erase', 'key.delete', 'package.delete')"


def _where(condition):
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    for table, column in _QUEUES:
        op.create_index(f"ix_{table}_due_at_{column}", table, ["due_at", column])
    op.create_index(
        "ix_payment_event_told", "payment_event", ["due_at", "received_at"], **_where("payload IS NOT NULL")
    )
    op.create_index("ix_audit_address", "audit", ["at"], **_where(_ADDRESS))
    op.create_index("ix_audit_deletion", "audit", ["id"], **_where(_DELETION))
    # Last: on PostgreSQL, who writes waits while an index is made, but who reads waits only from here to the end.
    for table, _ in _QUEUES:
        op.drop_index(f"ix_{table}_due_at", table)


def downgrade() -> None:
    for table, name in (("audit", "deletion"), ("audit", "address"), ("payment_event", "told")):
        op.drop_index(f"ix_{table}_{name}", table)
    for table, column in _QUEUES:
        op.create_index(f"ix_{table}_due_at", table, ["due_at"])
        op.drop_index(f"ix_{table}_due_at_{column}", table)
