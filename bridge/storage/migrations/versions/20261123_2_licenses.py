"""The first tables: packages, keys, codes, domains, sites."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_2_licenses"
down_revision = '20261123_1_catalog'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "package",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("is_master", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("term_kind", sa.String(), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=True),
        sa.Column("term_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("term_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("after_expiry", sa.String(), nullable=False),
        sa.Column("streams", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("editions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("max_sites", sa.Integer(), nullable=False),
        sa.Column("local_sites", sa.String(), nullable=False),
        sa.Column("unstated_domain", sa.String(), nullable=False),
        sa.Column("renewal_url", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(term_kind = 'days') = (term_days IS NOT NULL)", name=op.f("ck_package_days")),
        sa.CheckConstraint(
            "NOT is_master OR (repo_id IS NULL AND active AND term_kind = 'lifetime' AND max_sites = 0"
            " AND unstated_domain = 'accept' AND streams IS NULL AND editions IS NULL)",
            name=op.f("ck_package_master_is_unlimited"),
        ),
        sa.CheckConstraint("after_expiry IN ('nothing', 'owned')", name=op.f("ck_package_after_expiry")),
        sa.CheckConstraint("local_sites IN ('free', 'count')", name=op.f("ck_package_local_sites")),
        sa.CheckConstraint(
            "term_kind IN ('lifetime', 'annual', 'monthly', 'days', 'custom')", name=op.f("ck_package_term_kind")
        ),
        sa.CheckConstraint("unstated_domain IN ('accept', 'refuse')", name=op.f("ck_package_unstated_domain")),
        sa.CheckConstraint("max_sites >= 0 AND grace_days >= 0", name=op.f("ck_package_not_negative")),
        sa.CheckConstraint("term_days IS NULL OR term_days > 0", name=op.f("ck_package_some_days")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_package_owner_id_owner")),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"], name=op.f("fk_package_repo_id_repo")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
        sa.UniqueConstraint("repo_id", "name_key", name=op.f("uq_package_repo_id_name_key")),
    )
    with op.batch_alter_table("package", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_package_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_package_repo_id"), ["repo_id"], unique=False)
        batch_op.create_index(
            "uq_package_master",
            ["owner_id"],
            unique=True,
            sqlite_where=sa.text("is_master"),
            postgresql_where=sa.text("is_master"),
        )
        batch_op.create_index(
            "uq_package_owner_name",
            ["owner_id", "name_key"],
            unique=True,
            sqlite_where=sa.text("repo_id IS NULL"),
            postgresql_where=sa.text("repo_id IS NULL"),
        )
    op.create_table(
        "license_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("is_master", sa.Boolean(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("feed_token", sa.String(), nullable=False),
        sa.Column("customer_name", sa.String(), nullable=False),
        sa.Column("customer_email", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("max_sites", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edit_kind", sa.String(), nullable=True),
        sa.Column("edit_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoke_reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "edit_kind IS NULL OR edit_kind IN ('extend', 'fix')", name=op.f("ck_license_key_edit_kind")
        ),
        sa.CheckConstraint(
            "NOT is_master OR (expires_at IS NULL AND edit_kind IS NULL AND max_sites IS NULL"
            " AND suspended_at IS NULL AND NOT is_test)",
            name=op.f("ck_license_key_master_is_unlimited"),
        ),
        sa.CheckConstraint("max_sites IS NULL OR max_sites >= 0", name=op.f("ck_license_key_not_negative")),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_license_key_owner_id_owner")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_license_key_package_id_package")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_key")),
        sa.UniqueConstraint("feed_token", name=op.f("uq_license_key_feed_token")),
    )
    with op.batch_alter_table("license_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_license_key_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_license_key_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_license_key_package_id"), ["package_id"], unique=False)
        batch_op.create_index(
            "uq_license_key_live_master",
            ["package_id"],
            unique=True,
            sqlite_where=sa.text("is_master AND revoked_at IS NULL"),
            postgresql_where=sa.text("is_master AND revoked_at IS NULL"),
        )
    op.create_table(
        "package_repo",
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_repo_package_id_package")),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.id"], name=op.f("fk_package_repo_repo_id_repo")),
        sa.PrimaryKeyConstraint("package_id", "repo_id", name=op.f("pk_package_repo")),
    )
    with op.batch_alter_table("package_repo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_package_repo_repo_id"), ["repo_id"], unique=False)
    op.create_table(
        "key_code",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("native", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["license_key.id"], name=op.f("fk_key_code_key_id_license_key")),
        sa.PrimaryKeyConstraint("code", "key_id", name=op.f("pk_key_code")),
    )
    with op.batch_alter_table("key_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_key_code_key_id"), ["key_id"], unique=False)
        batch_op.create_index(
            "uq_key_code_native",
            ["code"],
            unique=True,
            sqlite_where=sa.text("native"),
            postgresql_where=sa.text("native"),
        )
    op.create_table(
        "key_domain",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["license_key.id"], name=op.f("fk_key_domain_key_id_license_key")),
        sa.PrimaryKeyConstraint("key_id", "pattern", name=op.f("pk_key_domain")),
    )
    with op.batch_alter_table("key_domain", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_key_domain_pattern"), ["pattern"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("registrable", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('production', 'local', 'staging')", name=op.f("ck_site_kind")),
        sa.CheckConstraint("slot IS NULL OR (slot > 0 AND freed_at IS NULL)", name=op.f("ck_site_slot")),
        sa.ForeignKeyConstraint(["key_id"], ["license_key.id"], name=op.f("fk_site_key_id_license_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("key_id", "slot", name=op.f("uq_site_key_id_slot")),
    )
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_key_id"), ["key_id"], unique=False)
        batch_op.create_index(
            "uq_site_live_host",
            ["key_id", "host"],
            unique=True,
            sqlite_where=sa.text("freed_at IS NULL"),
            postgresql_where=sa.text("freed_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_site_live_host", sqlite_where=sa.text("freed_at IS NULL"), postgresql_where=sa.text("freed_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_site_key_id"))
    op.drop_table("site")
    with op.batch_alter_table("key_domain", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_key_domain_pattern"))
    op.drop_table("key_domain")
    with op.batch_alter_table("key_code", schema=None) as batch_op:
        batch_op.drop_index("uq_key_code_native", sqlite_where=sa.text("native"), postgresql_where=sa.text("native"))
        batch_op.drop_index(batch_op.f("ix_key_code_key_id"))
    op.drop_table("key_code")
    with op.batch_alter_table("package_repo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_package_repo_repo_id"))
    op.drop_table("package_repo")
    with op.batch_alter_table("license_key", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_license_key_live_master",
            sqlite_where=sa.text("is_master AND revoked_at IS NULL"),
            postgresql_where=sa.text("is_master AND revoked_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_license_key_package_id"))
        batch_op.drop_index(batch_op.f("ix_license_key_owner_id"))
        batch_op.drop_index(batch_op.f("ix_license_key_expires_at"))
    op.drop_table("license_key")
    with op.batch_alter_table("package", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_package_owner_name",
            sqlite_where=sa.text("repo_id IS NULL"),
            postgresql_where=sa.text("repo_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_package_master", sqlite_where=sa.text("is_master"), postgresql_where=sa.text("is_master")
        )
        batch_op.drop_index(batch_op.f("ix_package_repo_id"))
        batch_op.drop_index(batch_op.f("ix_package_owner_id"))
    op.drop_table("package")
