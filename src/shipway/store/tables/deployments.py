"""Deployments, what each made, and the queue in which they wait."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from shipway.store.tables.columns import Instant, created, key_of, metadata, references, row_id

deployments = Table(
    "deployments",
    metadata,
    row_id(),
    references("services"),
    Column("number", Integer, nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("trigger", String(32), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("revision", JSON, nullable=False),
    Column("release_id", String(40)),
    #: Release whose image its own release takes; nothing where it builds, or takes a release itself.
    Column("image_from", JSON),
    #: Of a rollback to a release whose image was pruned: what it is built from again, and what came of it.
    Column("rebuild", JSON),
    #: Of one that takes what is live with today's config: names of what that has to be built again for; nothing for others.
    Column("built_for", JSON),
    Column("failure", JSON),
    Column("cancel_requested", Boolean, nullable=False),
    Column("promote_requested", Boolean, nullable=False, server_default=false()),
    #: Asked to fail rather than to interrupt the service.
    Column("zero_downtime", Boolean, nullable=False, server_default=false()),
    #: What the guard saw after it went live; nothing while there is nothing to tell.
    Column("guarded", JSON),
    Column("weakly_verified", Text, nullable=False),
    created(),
    Column("started_at", Instant),
    Column("live_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("service_id", "number"),
)

builds = Table(
    "builds",
    metadata,
    row_id(),
    references("services"),
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("number", Integer, nullable=False),
    Column("revision", String(80), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("dockerfile", Text, nullable=False),
    Column("digest", String(80), nullable=False),
    #: When its image was removed from the registry; nothing while it is there.
    Column("removed_at", Instant),
    Column("size", BigInteger),
    Column("bases", JSON),
    #: Names, never values; `secrets` likewise.
    Column("arguments", JSON),
    Column("secrets", JSON),
    Column("steps", Integer),
    Column("cached", Integer),
    Column("seconds", Float),
    Column("failure", JSON),
    created(),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("service_id", "number"),
)

releases = Table(
    "releases",
    metadata,
    row_id(),
    references("services"),
    Column("deployment_id", String(40), ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("number", Integer, nullable=False),
    Column("image", JSON, nullable=False),
    Column("config", JSON, nullable=False),
    #: Names of variables, of files under `/run/secrets` and of files under `/etc/config`: to `NAME@3`, likewise, and to the
    #: hash of the content.
    Column("secrets", JSON, nullable=False, server_default="{}"),
    Column("secret_files", JSON, nullable=False, server_default="{}"),
    Column("files", JSON, nullable=False, server_default="{}"),
    Column("processes", JSON, nullable=False),
    Column("port", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("config_hash", String(64), nullable=False),
    #: Over all that makes its instances what they are; empty for those made before there was one.
    Column("hash", String(64), nullable=False, server_default=""),
    Column("release_command", Text, nullable=False),
    Column("revision", String(80), nullable=False),
    Column("derived_from", Integer),
    #: Release whose image it took, of this service or of another.
    Column("image_from", JSON),
    #: Whether its image is that of `derived_from` built again, which came out otherwise.
    Column("rebuilt", Boolean, nullable=False, server_default=false()),
    created(),
    UniqueConstraint("service_id", "number"),
)

#: What may change about a release, which itself never does.
release_marks = Table(
    "release_marks",
    metadata,
    key_of("releases"),
    #: Its image is kept whatever the retention says.
    Column("pinned", Boolean, nullable=False, server_default=false()),
    #: When its image was pruned; nothing while it is there.
    Column("pruned_at", Instant),
)

#: The journal: one row per step of a deployment, holding what the step returned or how it failed.
steps = Table(
    "steps",
    metadata,
    key_of("deployments"),
    Column("name", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("summary", Text, nullable=False),
    Column("result", JSON),
    Column("failure", JSON),
)

queue = Table(
    "queue",
    metadata,
    key_of("deployments"),
    references("services"),
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
