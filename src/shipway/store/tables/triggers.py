"""What deploys by itself: webhooks, what they told, what came of it, and deploy URLs."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from shipway.store.tables.columns import Instant, created, metadata, references, row_id

webhooks = Table(
    "webhooks",
    metadata,
    row_id(),
    references("workspaces"),
    #: `github`, `gitlab`, `gitea`, `bitbucket`
    Column("kind", String(16), nullable=False),
    #: Its secret; see `sealing.py`.
    Column("sealed", Text, nullable=False),
    Column("created_by", String(80), nullable=False),
    created(),
)

deliveries = Table(
    "deliveries",
    metadata,
    row_id(),
    references("webhooks"),
    #: By what it is known again when it is sent again.
    Column("identity", String(200), nullable=False),
    Column("event", String(80), nullable=False),
    Column("about", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    UniqueConstraint("webhook_id", "identity"),
)

#: What each service did about each push, in the order of `number`.
outcomes = Table(
    "outcomes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("delivery_id", String(40), ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False, index=True),
    #: `None`: of no service.
    Column("service_id", String(40), ForeignKey("services.id", ondelete="CASCADE")),
    #: Its path; as it was then.
    Column("service", String(180), nullable=False),
    Column("branch", String(250), nullable=False),
    Column("before", String(40), nullable=False),
    Column("after", String(40), nullable=False),
    #: `deployed`, `skipped`, `held`, `overtaken`
    Column("kind", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("deployment_id", String(40), nullable=False),
    #: Commit that the deployment is of: not `after`, where another is newest.
    Column("commit", String(40), nullable=False),
    Index("ix_outcomes_of_branch", "service_id", "branch", "number"),
)

deploy_urls = Table(
    "deploy_urls",
    metadata,
    row_id(),
    references("services"),
    #: SHA-256 of its token.
    Column("hash", String(64), nullable=False, unique=True),
    Column("label", String(80), nullable=False),
    Column("created_by", String(80), nullable=False),
    created(),
    Column("used_at", Instant),
)
