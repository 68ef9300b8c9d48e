"""Services, with the hosts and values that are theirs."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint, false

from shipway.store.tables.columns import Instant, created, metadata, references, row_id

services = Table(
    "services",
    metadata,
    row_id(),
    references("environments"),
    references("workspaces"),
    Column("slug", String(40), nullable=False),
    Column("path", String(180), nullable=False, unique=True),
    Column("source", JSON, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("scale", JSON, nullable=False),
    Column("live_deployment_id", String(40)),
    #: `open`, `maintenance`, `paused`
    Column("traffic", String(16), nullable=False, server_default="open"),
    Column("last_build", Integer, nullable=False),
    Column("last_release", Integer, nullable=False),
    Column("last_deployment", Integer, nullable=False),
    created(),
    UniqueConstraint("environment_id", "slug"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(253), primary_key=True),
    references("services"),
    Column("position", Integer, nullable=False),
)

config_vars = Table(
    "config_vars",
    metadata,
    Column("service_id", String(40), ForeignKey("services.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
    Column("buildtime", Boolean, nullable=False, server_default=false()),
)

#: What only builds of a service are given, and only to mount. `sealed`: see `sealing.py`.
build_secrets = Table(
    "build_secrets",
    metadata,
    Column("service_id", String(40), ForeignKey("services.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
)
