"""Customers."""

revision = "20261123_8_customers"
down_revision = "20261123_7_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
