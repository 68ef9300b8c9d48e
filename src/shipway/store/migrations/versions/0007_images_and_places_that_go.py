"""Images that are pruned and built again, what is being deleted, and what deploys by itself; one-off runs, and limits"""

import sqlalchemy as sa
from alembic import op

from shipway.domain.push import repository_key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("builds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("removed_at", sa.String(length=32), nullable=True))

    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rebuild", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("built_for", sa.JSON(), nullable=True))

    # Not as a batch: of a column with such a default SQLite's makes the table anew, without the trigger that it has.
    op.add_column("releases", sa.Column("rebuilt", sa.Boolean(), server_default=sa.false(), nullable=False))

    for table in ("services", "environments", "projects"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("deleting_at", sa.String(length=32), nullable=True))

    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.add_column(sa.Column("following", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("repository", sa.String(length=2000), server_default="", nullable=False))
    op.create_index("ix_services_of_repository", "services", ["workspace_id", "repository"])

    _key_repositories()
    _add_triggers()
    _add_runs()
    _add_git_pushes()
    _add_limits()


def _key_repositories() -> None:
    services = sa.table("services", sa.column("id"), sa.column("source", sa.JSON), sa.column("repository"))
    for row in op.get_bind().execute(sa.select(services)).all():
        if url := row.source.get("url"):
            op.execute(services.update().where(services.c.id == row.id).values(repository=repository_key(url)))


def _add_triggers() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhooks_workspace_id", "webhooks", ["workspace_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("webhook_id", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("webhook_id", "identity"),
    )
    op.create_index("ix_deliveries_webhook_id", "deliveries", ["webhook_id"])
    op.create_table(
        "outcomes",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.String(length=40), nullable=True),
        sa.Column("service", sa.String(length=180), nullable=False),
        sa.Column("branch", sa.String(length=250), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.String(length=40), nullable=False),
        sa.Column("commit", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_outcomes_delivery_id", "outcomes", ["delivery_id"])
    op.create_index("ix_outcomes_of_branch", "outcomes", ["service_id", "branch", "number"])
    op.create_table(
        "deploy_urls",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_deploy_urls_service_id", "deploy_urls", ["service_id"])


def _add_runs() -> None:
    op.create_table(
        "one_off_runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.String(length=40), nullable=False),
        sa.Column("release_id", sa.String(length=40), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=40), nullable=False),
        sa.Column("instance", sa.String(length=255), nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("attached", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("trigger", sa.String(length=40), nullable=False),
        sa.Column("timeout", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stopped_by", sa.String(length=80), nullable=False),
        sa.Column("attended_until", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=True),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_one_off_runs_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_off_runs")),
    )
    for column in ("service_id", "state"):
        op.create_index(op.f(f"ix_one_off_runs_{column}"), "one_off_runs", [column], unique=False)


def _add_git_pushes() -> None:
    op.create_table(
        "git_pushes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.String(length=40), nullable=False),
        sa.Column("branch", sa.String(length=250), nullable=False),
        sa.Column("commit", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("deployment_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_git_pushes_service_id", "git_pushes", ["service_id"])
    op.create_index("ix_git_pushes_outcome", "git_pushes", ["outcome"])


def _add_limits() -> None:
    """Of environments. What a service has at what was everywhere the default is its environment's: nothing told them apart."""
    with op.batch_alter_table("environments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("memory", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("cpus", sa.Float(), server_default="0", nullable=False))
    table = sa.table("services", sa.column("id", sa.String), sa.column("settings", sa.JSON))
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).all():
        limits = dict(row.settings.get("resources") or {})
        unsaid = {name: 0 for name, was in (("memory", 512 * 1024**2), ("cpus", 1)) if limits.get(name) == was}
        if unsaid:
            settings = row.settings | {"resources": limits | unsaid}
            connection.execute(sa.update(table).where(table.c.id == row.id).values(settings=settings))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
