"""What releases hold: secrets and files by name, and that they never change"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contents",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("workspace_id", "sha256"),
    )
    op.create_table(
        "environment_vars",
        sa.Column("environment_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=240), server_default="", nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.Column("buildtime", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("environment_id", "name"),
    )
    op.create_table(
        "secrets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("environment_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment_id", "name"),
    )
    with op.batch_alter_table("secrets", schema=None) as batch_op:
        batch_op.create_index("ix_secrets_environment_id", ["environment_id"], unique=False)

    op.create_table(
        "config_changes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("environment_id", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.String(length=240), server_default="", nullable=False),
        sa.Column("buildtime", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("config_changes", schema=None) as batch_op:
        batch_op.create_index("ix_config_changes_environment_id", ["environment_id"], unique=False)
        batch_op.create_index("ix_config_changes_service_id", ["service_id"], unique=False)

    op.create_table(
        "config_files",
        sa.Column("service_id", sa.String(length=40), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("service_id", "path"),
    )
    op.create_table(
        "secret_files",
        sa.Column("service_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=240), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("service_id", "name"),
    )
    op.create_table(
        "secret_versions",
        sa.Column("secret_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.String(length=32), nullable=True),
        sa.Column("revoked_by", sa.String(length=80), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["secret_id"], ["secrets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("secret_id", "version"),
    )
    op.create_table(
        "volumes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("process", sa.String(length=40), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("placed_at", sa.String(length=32), nullable=False),
        sa.Column("binned_at", sa.String(length=32), nullable=True),
        sa.Column("binned_by", sa.String(length=80), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.create_index("ix_volumes_service_id", ["service_id"], unique=False)
        batch_op.create_index(
            "one_volume_in_use",
            ["service_id", "name", "process", "ordinal"],
            unique=True,
            sqlite_where=sa.text("binned_at IS NULL"),
            postgresql_where=sa.text("binned_at IS NULL"),
        )

    op.create_table(
        "release_marks",
        sa.Column("release_id", sa.String(length=40), nullable=False),
        sa.Column("pinned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("pruned_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("release_id"),
    )
    with op.batch_alter_table("config_vars", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reference", sa.String(length=240), server_default="", nullable=False))

    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("image_from", sa.JSON(), nullable=True))

    with op.batch_alter_table("environments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("branch", sa.String(length=200), server_default="", nullable=False))

    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("secrets", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("secret_files", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("files", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("hash", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("image_from", sa.JSON(), nullable=True))

    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held", sa.Text(), server_default="", nullable=False))

    _write_down_what_is_set()
    _forbid_changes()


def _write_down_what_is_set() -> None:
    """History begins with what is there: of each its last change is known."""
    op.execute(
        "INSERT INTO config_changes (environment_id, service_id, kind, name, change, value, buildtime, actor, at) "
        "SELECT s.environment_id, s.id, 'variable', v.name, 'set', v.value, v.buildtime, v.updated_by, v.updated_at "
        "FROM config_vars AS v JOIN services AS s ON s.id = v.service_id ORDER BY v.updated_at, v.name"
    )
    op.execute(
        "INSERT INTO config_changes (environment_id, service_id, kind, name, change, actor, at) "
        "SELECT s.environment_id, s.id, 'build-secret', b.name, 'set', b.updated_by, b.updated_at "
        "FROM build_secrets AS b JOIN services AS s ON s.id = b.service_id ORDER BY b.updated_at, b.name"
    )


def _forbid_changes() -> None:
    """S8.1: whatever a bug of ours tries, a release stays what it was."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER releases_never_change BEFORE UPDATE ON releases "
            "BEGIN SELECT RAISE(ABORT, 'a release never changes'); END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_to_change_a_release() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a release never changes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER releases_never_change BEFORE UPDATE ON releases "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_release()"
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
