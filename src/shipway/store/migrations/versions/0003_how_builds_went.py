"""What went into a build, how long it took, and why it failed"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("builds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("size", sa.BigInteger(), nullable=True))
        for name in ("bases", "arguments", "secrets", "failure"):
            batch_op.add_column(sa.Column(name, sa.JSON(), nullable=True))
        for name in ("steps", "cached"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seconds", sa.Float(), nullable=True))
        for name in ("started_at", "finished_at"):
            batch_op.add_column(sa.Column(name, sa.String(length=32), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
