"""What is tidied up every hour, and what a site admin deleted, are found without looking through everything."""

import time

import sqlalchemy as sa
from alembic import op

revision = "20261126_6_tidy"
down_revision = "20261126_4_mail"
branch_labels = None
depends_on = None

# Each does what the index on due_at alone does, too; that one goes when no former version is at work any more.
_QUEUES = (("payment_event", "received_at"), ("outbox", "created_at"))
_ADDRESS = "origin <> '' AND substr(actor, 1, 4) <> 'cli:'"
_LOOKS, _PAUSE_SECONDS = 300, 0.1
_DELETION = "action IN ('customer.erase', 'key.delete', 'package.delete')"


def _where(condition):
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _let_nobody_write(*tables):
    """On PostgreSQL, take all the locks that indexes need at once, or none.

    One after the other, they would meet those of a former version at work, which takes them in another order.
    """
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    statement = f"LOCK TABLE {', '.join(tables)} IN SHARE MODE"
    for _ in range(_LOOKS):
        try:
            with bind.begin_nested():
                bind.exec_driver_sql(f"{statement} NOWAIT")
        except sa.exc.OperationalError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    bind.exec_driver_sql(statement)


def upgrade() -> None:
    _let_nobody_write("payment_event", "outbox", "audit")
    for table, column in _QUEUES:
        op.create_index(f"ix_{table}_due_at_{column}", table, ["due_at", column])
    op.create_index(
        "ix_payment_event_told", "payment_event", ["due_at", "received_at"], **_where("payload IS NOT NULL")
    )
    op.create_index("ix_audit_address", "audit", ["at"], **_where(_ADDRESS))
    op.create_index("ix_audit_deletion", "audit", ["id"], **_where(_DELETION))


def downgrade() -> None:
    for table, name in (("audit", "deletion"), ("audit", "address"), ("payment_event", "told")):
        op.drop_index(f"ix_{table}_{name}", table)
    for table, column in _QUEUES:
        op.drop_index(f"ix_{table}_due_at_{column}", table)
