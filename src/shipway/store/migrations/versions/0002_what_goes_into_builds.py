"""Config vars for builds, build secrets, credentials of private registries"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table("config_vars", schema=None) as batch_op:
        batch_op.add_column(sa.Column("buildtime", sa.Boolean(), server_default=sa.false(), nullable=False))

    op.create_table(
        "build_secrets",
        sa.Column("service_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_build_secrets_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "name", name=op.f("pk_build_secrets")),
    )
    op.create_table(
        "registry_credentials",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_registry_credentials_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "host", name=op.f("pk_registry_credentials")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
