"""Volumes: one for each instance ordinal of a process type, and those in the bin."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, text

from shipway.store.tables.columns import Instant, created, metadata, row_id

volumes = Table(
    "volumes",
    metadata,
    row_id(),
    #: `None` when the service has been deleted: the row stays until the engine's volume has gone.
    Column("service_id", String(40), ForeignKey("services.id", ondelete="SET NULL"), index=True),
    #: As the service's settings name it.
    Column("name", String(40), nullable=False),
    Column("process", String(40), nullable=False),
    Column("ordinal", Integer, nullable=False),
    created(),
    #: Since when it has its place, be it new or out of the bin.
    Column("placed_at", Instant, nullable=False),
    #: Since when it is in the bin; it is removed for good some days later.
    Column("binned_at", Instant),
    Column("binned_by", String(80), nullable=False, server_default=""),
    Index(
        "one_volume_in_use",
        "service_id",
        "name",
        "process",
        "ordinal",
        unique=True,
        sqlite_where=text("binned_at IS NULL"),
        postgresql_where=text("binned_at IS NULL"),
    ),
)
