"""The schema, in one place. Migrations under `migrations/` bring a database to it; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as ISO 8601 text of one fixed width: sorts as it reads, the same on every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", String(40), primary_key=True)


def _to(table: str, *, name: str = "", nullable: bool = False) -> Column[str]:
    column = name or f"{table.removesuffix('s')}_id"
    return Column(column, String(40), ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=nullable, index=True)


def _created() -> Column[datetime]:
    return Column("created_at", Instant, nullable=False)


workspaces = Table("workspaces", metadata, _id(), Column("slug", String(40), nullable=False, unique=True), _created())

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", String(80), nullable=False, unique=True),
    Column("admin", Boolean, nullable=False),
    _created(),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", String(40), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),
)

#: One-time links, browser sessions and API tokens alike: a hash, whose it is, until when.
credentials = Table(
    "credentials",
    metadata,
    _id(),
    _to("users"),
    Column("kind", String(16), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("label", String(80), nullable=False),
    Column("expires_at", Instant),
    _created(),
)

projects = Table(
    "projects",
    metadata,
    _id(),
    _to("workspaces"),
    Column("slug", String(40), nullable=False),
    _created(),
    UniqueConstraint("workspace_id", "slug"),
)

environments = Table(
    "environments",
    metadata,
    _id(),
    _to("projects"),
    Column("slug", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    _created(),
    UniqueConstraint("project_id", "slug"),
)

services = Table(
    "services",
    metadata,
    _id(),
    _to("environments"),
    _to("workspaces"),
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
    _created(),
    UniqueConstraint("environment_id", "slug"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(253), primary_key=True),
    _to("services"),
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

#: What private registries are told when a workspace's builds read from them.
registry_credentials = Table(
    "registry_credentials",
    metadata,
    Column("workspace_id", String(40), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("host", String(260), primary_key=True),
    #: `any`, `image`, `packages`
    Column("kind", String(16), nullable=False),
    Column("username", String(200), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

deployments = Table(
    "deployments",
    metadata,
    _id(),
    _to("services"),
    Column("number", Integer, nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("trigger", String(32), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("revision", JSON, nullable=False),
    Column("release_id", String(40)),
    Column("failure", JSON),
    Column("cancel_requested", Boolean, nullable=False),
    Column("promote_requested", Boolean, nullable=False, server_default=false()),
    #: Asked to fail rather than to interrupt the service.
    Column("zero_downtime", Boolean, nullable=False, server_default=false()),
    #: What the guard saw after it went live; nothing while there is nothing to tell.
    Column("guarded", JSON),
    Column("weakly_verified", Text, nullable=False),
    _created(),
    Column("started_at", Instant),
    Column("live_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("service_id", "number"),
)

builds = Table(
    "builds",
    metadata,
    _id(),
    _to("services"),
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("number", Integer, nullable=False),
    Column("revision", String(80), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("dockerfile", Text, nullable=False),
    Column("digest", String(80), nullable=False),
    Column("size", BigInteger),
    Column("bases", JSON),
    #: Names, never values; `secrets` likewise.
    Column("arguments", JSON),
    Column("secrets", JSON),
    Column("steps", Integer),
    Column("cached", Integer),
    Column("seconds", Float),
    Column("failure", JSON),
    _created(),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("service_id", "number"),
)

releases = Table(
    "releases",
    metadata,
    _id(),
    _to("services"),
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("number", Integer, nullable=False),
    Column("image", JSON, nullable=False),
    Column("config", JSON, nullable=False),
    Column("processes", JSON, nullable=False),
    Column("port", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("config_hash", String(64), nullable=False),
    Column("release_command", Text, nullable=False),
    Column("revision", String(80), nullable=False),
    Column("derived_from", Integer),
    _created(),
    UniqueConstraint("service_id", "number"),
)

#: The journal: one row per step of a deployment, holding what the step returned or how it failed.
steps = Table(
    "steps",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("summary", Text, nullable=False),
    Column("result", JSON),
    Column("failure", JSON),
)

#: What each deployment has started, for the routing table and for whoever cleans up.
rollouts = Table(
    "rollouts",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    _to("services"),
    #: Deployment that started the `web` instances, and the set they are in the proxy: another one after a warm undo.
    Column("origin", String(40), nullable=False),
    #: `candidate`, `canary`, `switching`, `live`, `draining`, `warm`, `retiring`
    Column("state", String(16), nullable=False),
    Column("targets", JSON, nullable=False),
    Column("instances", JSON, nullable=False),
    #: Names of instances that were stopped for their successors, to be started again should these fail.
    Column("parked", JSON, nullable=False),
    #: Names of instances that get no requests because they are not ready.
    Column("unready", JSON, nullable=False),
    #: Percent of the requests that it gets as a canary.
    Column("percent", Integer, nullable=False, server_default=text("0")),
    #: When a warm one ends.
    Column("until", Instant),
)

#: Of each instance of a rollout that ended while it was live, the last time.
restarts = Table(
    "restarts",
    metadata,
    Column("instance", String(255), primary_key=True),
    Column(
        "deployment_id",
        String(40),
        # Another deployment may adopt a rollout.
        ForeignKey("rollouts.deployment_id", ondelete="CASCADE", onupdate="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    #: Times that Shipway ended it because it failed its liveness probe.
    Column("hung", Integer, nullable=False),
)

queue = Table(
    "queue",
    metadata,
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    _to("services"),
    #: `queued`, `claimed` (holds the service), `background` (live; drains while the next one may run)
    Column("status", String(16), nullable=False),
    Column("owner", String(40), nullable=False),
    Column("lease_until", Instant),
    Column("enqueued_at", Instant, nullable=False),
    Index(
        "one_claimed_per_service",
        "service_id",
        unique=True,
        sqlite_where=text("status = 'claimed'"),
        postgresql_where=text("status = 'claimed'"),
    ),
)
