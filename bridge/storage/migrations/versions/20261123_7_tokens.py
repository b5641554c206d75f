"""Machine tokens."""

revision = "20261123_7_tokens"
down_revision = "20261123_6_purchases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
