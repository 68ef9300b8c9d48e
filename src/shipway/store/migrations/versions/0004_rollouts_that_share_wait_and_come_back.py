"""Rollouts that share traffic, wait for a word and come back; services in maintenance or paused"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.add_column(sa.Column("traffic", sa.String(length=16), server_default="open", nullable=False))

    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("promote_requested", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("zero_downtime", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("guarded", sa.JSON(), nullable=True))

    with op.batch_alter_table("rollouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("parked", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("unready", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("percent", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("until", sa.String(length=32), nullable=True))
    op.execute("UPDATE rollouts SET origin = deployment_id")
    with op.batch_alter_table("rollouts", schema=None) as batch_op:
        batch_op.alter_column("origin", server_default=None)
        batch_op.alter_column("parked", server_default=None)
        batch_op.alter_column("unready", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
