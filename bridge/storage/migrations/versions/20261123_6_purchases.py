"""What was sold, and what became of the money."""

revision = "20261123_6_purchases"
down_revision = "20261123_5_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
