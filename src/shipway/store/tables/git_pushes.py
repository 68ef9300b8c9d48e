"""Pushes to Shipway itself, of the branches that are deployed."""

from sqlalchemy import Column, String, Table, Text

from shipway.store.tables.columns import created, metadata, references, row_id

git_pushes = Table(
    "git_pushes",
    metadata,
    row_id(),
    references("services"),
    Column("branch", String(250), nullable=False),
    Column("commit", String(40), nullable=False),
    Column("actor", String(80), nullable=False),
    created(),
    #: `open`, `deployed`, `held`, `overtaken`, `refused`, `lost`
    Column("outcome", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, server_default=""),
    Column("deployment_id", String(40)),
)
