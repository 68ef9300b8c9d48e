"""Images that are pruned and built again, and what is being deleted"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("builds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("removed_at", sa.String(length=32), nullable=True))

    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rebuild", sa.JSON(), nullable=True))

    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rebuilt", sa.Boolean(), server_default=sa.false(), nullable=False))

    for table in ("services", "environments", "projects"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("deleting_at", sa.String(length=32), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
