"""Who there is, what they may see, and what they prove it by."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from shipway.store.tables.columns import Instant, created, metadata, references, row_id

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
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", String(40), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
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
