"""Who there is, what they may see, and what they prove it by."""

from sqlalchemy import Boolean, Column, String, Table

from shipway.store.tables.columns import Instant, created, key_of, metadata, references, row_id

users = Table(
    "users",
    metadata,
    row_id(),
    Column("name", String(80), nullable=False, unique=True),
    Column("admin", Boolean, nullable=False),
    created(),
)

memberships = Table(
    "memberships",
    metadata,
    key_of("users"),
    key_of("workspaces"),
    Column("role", String(16), nullable=False),
)

#: One-time links, browser sessions and API tokens alike: a hash, whose it is, until when.
credentials = Table(
    "credentials",
    metadata,
    row_id(),
    references("users"),
    Column("kind", String(16), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("label", String(80), nullable=False),
    Column("expires_at", Instant),
    created(),
)
