"""Services, with the hosts that are theirs."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from shipway.store.tables.columns import created, deleting, metadata, references, row_id

services = Table(
    "services",
    metadata,
    row_id(),
    references("environments"),
    references("workspaces"),
    Column("slug", String(40), nullable=False),
    Column("path", String(180), nullable=False, unique=True),
    Column("source", JSON, nullable=False),
    #: `domain.push.repository_key` of its repository; empty where the source is none.
    Column("repository", String(2000), nullable=False, server_default=""),
    Column("settings", JSON, nullable=False),
    Column("scale", JSON, nullable=False),
    Column("live_deployment_id", String(40)),
    #: `open`, `maintenance`, `paused`
    Column("traffic", String(16), nullable=False, server_default="open"),
    #: Why pushes don't deploy for now: somebody rolled back; empty when they do.
    Column("held", Text, nullable=False, server_default=""),
    #: Which pushes are deployed by themselves.
    Column("following", JSON, nullable=False, server_default="{}"),
    deleting(),
    Column("last_build", Integer, nullable=False),
    Column("last_release", Integer, nullable=False),
    Column("last_deployment", Integer, nullable=False),
    created(),
    UniqueConstraint("environment_id", "slug"),
    Index("ix_services_of_repository", "workspace_id", "repository"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(253), primary_key=True),
    references("services"),
    Column("position", Integer, nullable=False),
)
