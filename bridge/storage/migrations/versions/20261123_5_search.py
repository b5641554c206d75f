"""How keys are found among a million."""

revision = "20261123_5_search"
down_revision = "20261123_4_replays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
