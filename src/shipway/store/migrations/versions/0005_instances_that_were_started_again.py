"""Instances that ended while they were live, and why"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restarts",
        sa.Column("instance", sa.String(length=255), nullable=False),
        sa.Column("deployment_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hung", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["rollouts.deployment_id"], ondelete="CASCADE", onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("instance"),
    )
    with op.batch_alter_table("restarts", schema=None) as batch_op:
        batch_op.create_index("ix_restarts_deployment_id", ["deployment_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
