"""Config files as they are now, and every change of them; what a release took of them is frozen with the release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from shipway.domain.clock import now
from shipway.domain.service import Service
from shipway.store import config_changes
from shipway.store import tables as t
from shipway.store.config_changes import owner_of
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A config file as it is now."""

    #: Below `/etc/config`.
    path: str
    sha256: str
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """Somebody set a config file, or deleted it."""

    path: str
    #: `set` or `unset`
    change: str
    #: Hash of what it was set to; empty when it was deleted.
    sha256: str
    actor: str
    at: datetime


async def current(tx: Tx, service_id: str) -> dict[str, str]:
    """The hashes of a service's, by path."""
    return {each.path: each.sha256 for each in await listed(tx, service_id)}


async def listed(tx: Tx, service_id: str) -> list[StoredFile]:
    """A service's, by path."""
    table = t.config_files
    rows = await tx.execute(select(table).where(table.c.service_id == service_id).order_by(table.c.path))
    return [StoredFile(row.path, row.sha256, row.updated_at, row.updated_by) for row in rows]


async def change(tx: Tx, service: Service, files: Mapping[str, str], deleted: Sequence[str], actor: str) -> None:
    """Set files to contents of those hashes, which are kept, and forget others; each is a row of the history."""
    table, at = t.config_files, now()
    gone = [*files, *deleted]
    await tx.execute(delete(table).where(table.c.service_id == service.id, table.c.path.in_(gone)))
    for path, digest in files.items():
        row = {"service_id": service.id, "path": path, "sha256": digest, "updated_at": at, "updated_by": actor}
        await tx.execute(insert(table).values(row))
    for path, digest in files.items():
        await config_changes.record(tx, owner_of(service), "file", path, "set", actor=actor, value=digest)
    for path in deleted:
        await config_changes.record(tx, owner_of(service), "file", path, "unset", actor=actor)


async def history(tx: Tx, service_id: str, path: str = "", *, limit: int = 100) -> list[FileChange]:
    """Newest first; of one file, or of all."""
    table = t.config_changes
    query = select(table).where(table.c.service_id == service_id, table.c.kind == "file")
    if path:
        query = query.where(table.c.name == path)
    rows = await tx.execute(query.order_by(table.c.id.desc()).limit(limit))
    return [FileChange(row.name, row.change, row.value, row.actor, row.at) for row in rows]
