"""Workspaces and what is in them down to environments, and what a workspace's builds may read."""

from sqlalchemy import BigInteger, Column, Float, String, Table, Text, UniqueConstraint

from shipway.store.tables.columns import Instant, created, deleting, key_of, metadata, references, row_id

workspaces = Table("workspaces", metadata, row_id(), Column("slug", String(40), nullable=False, unique=True), created())

projects = Table(
    "projects",
    metadata,
    row_id(),
    references("workspaces"),
    Column("slug", String(40), nullable=False),
    deleting(),
    created(),
    UniqueConstraint("workspace_id", "slug"),
)

environments = Table(
    "environments",
    metadata,
    row_id(),
    references("projects"),
    Column("slug", String(40), nullable=False),
    #: `development`, `staging`, `production`, `preview`
    Column("kind", String(16), nullable=False),
    #: Branch that services deployed from git take where they name none; empty: the repository's default branch.
    Column("branch", String(200), nullable=False, server_default=""),
    #: Bytes and cores of an instance of which the service says nothing; 0: as everywhere.
    Column("memory", BigInteger, nullable=False, server_default="0"),
    Column("cpus", Float, nullable=False, server_default="0"),
    deleting(),
    created(),
    UniqueConstraint("project_id", "slug"),
)

#: What private registries are told when a workspace's builds read from them.
registry_credentials = Table(
    "registry_credentials",
    metadata,
    key_of("workspaces"),
    Column("host", String(260), primary_key=True),
    #: `any`, `image`, `packages`
    Column("kind", String(16), nullable=False),
    Column("username", String(200), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", String(80), nullable=False),
)
