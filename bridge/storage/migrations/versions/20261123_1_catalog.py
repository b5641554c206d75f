"""The first tables: owners, repos, their names, releases, assets."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_1_catalog"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "owner",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("next_sweep_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('org', 'user')", name=op.f("ck_owner_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner")),
    )
    with op.batch_alter_table("owner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_owner_next_sweep_at"), ["next_sweep_at"], unique=False)
    op.create_table(
        "repo",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("served", sa.Boolean(), nullable=False),
        sa.Column("once_served", sa.Boolean(), nullable=False),
        sa.Column("absent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_assets", sa.Boolean(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_refresh_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_settings_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_repo_owner_id_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repo")),
    )
    with op.batch_alter_table("repo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repo_next_refresh_at"), ["next_refresh_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_repo_next_settings_at"), ["next_settings_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_repo_owner_id"), ["owner_id"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repo_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("prerelease", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"], name=op.f("fk_release_repo_id_repo")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_repo_id"), ["repo_id"], unique=False)
    op.create_table(
        "repo_name",
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("repo_name", sa.String(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("once_served", sa.Boolean(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"], name=op.f("fk_repo_name_repo_id_repo")),
        sa.PrimaryKeyConstraint("owner_name", "repo_name", name=op.f("pk_repo_name")),
    )
    with op.batch_alter_table("repo_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repo_name_repo_id"), ["repo_id"], unique=False)
    op.create_table(
        "asset",
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("release_id", sa.BigInteger(), nullable=False),
        sa.Column("gitea_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("sha384", sa.String(), nullable=True),
        sa.Column("sha512", sa.String(), nullable=True),
        sa.Column("problem_code", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extensions", sa.JSON(), nullable=False),
        sa.CheckConstraint("(fetched_at IS NULL) = (sha256 IS NULL)", name=op.f("ck_asset_hashed_when_fetched")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_asset_size")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_asset_release_id_release")),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_asset")),
    )
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asset_release_id"), ["release_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_asset_sha256"), ["sha256"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_asset_sha256"))
        batch_op.drop_index(batch_op.f("ix_asset_release_id"))
    op.drop_table("asset")
    with op.batch_alter_table("repo_name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_repo_name_repo_id"))
    op.drop_table("repo_name")
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_repo_id"))
    op.drop_table("release")
    with op.batch_alter_table("repo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_repo_owner_id"))
        batch_op.drop_index(batch_op.f("ix_repo_next_settings_at"))
        batch_op.drop_index(batch_op.f("ix_repo_next_refresh_at"))
    op.drop_table("repo")
    with op.batch_alter_table("owner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_owner_next_sweep_at"))
    op.drop_table("owner")
