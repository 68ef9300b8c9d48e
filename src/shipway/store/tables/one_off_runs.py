"""One-off runs."""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, Text

from shipway.store.tables.columns import Instant, created, metadata, references, row_id

one_off_runs = Table(
    "one_off_runs",
    metadata,
    row_id(),
    references("services"),
    Column("release_id", String(40), nullable=False),
    Column("release", Integer, nullable=False),
    Column("process", String(40), nullable=False),
    #: Name of the instance that it runs inside; empty: a container of its own.
    Column("instance", String(255), nullable=False),
    Column("command", JSON, nullable=False),
    Column("attached", Boolean, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("trigger", String(40), nullable=False),
    #: Seconds.
    Column("timeout", Float, nullable=False),
    #: `starting`, `running`, `exited`, `stopped`, `failed`
    Column("state", String(16), nullable=False),
    Column("exit_code", Integer),
    Column("reason", Text, nullable=False),
    Column("stopped_by", String(80), nullable=False),
    #: Until when somebody attends to it, unless that is renewed; in the past: nobody does any more.
    Column("attended_until", Instant),
    created(),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Index("ix_one_off_runs_state", "state"),
)
