"""Volumes: those that have their place, and those in the bin. A row is made before the engine's volume, and goes after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from shipway.domain.clock import now
from shipway.domain.ids import new_id
from shipway.domain.volume import Place
from shipway.store import tables as t
from shipway.store.database import Tx

_table = t.volumes


@dataclass(frozen=True, slots=True)
class StoredVolume:
    """One volume on the engine, or about to be there."""

    #: Also its name on the engine.
    id: str
    #: `None`: the service has been deleted.
    service_id: str | None
    place: Place
    created_at: datetime
    #: Since when it has its place.
    placed_at: datetime
    #: Since when it is in the bin; `None`: it has its place.
    binned_at: datetime | None
    binned_by: str


async def ensure(tx: Tx, service_id: str, place: Place) -> StoredVolume:
    """The volume that has this place; a new one where none has."""
    known = [each for each in await of_service(tx, service_id) if each.place == place and each.binned_at is None]
    if known:
        return known[0]
    moment = now()
    values = {"id": new_id("vol"), "service_id": service_id, "created_at": moment, "placed_at": moment}
    parts = {"name": place.name, "process": place.process, "ordinal": place.ordinal}
    await tx.execute(insert(_table).values(values | parts))
    return StoredVolume(values["id"], service_id, place, moment, moment, None, "")  # type: ignore[arg-type]


async def of_service(tx: Tx, service_id: str) -> list[StoredVolume]:
    """All of a service's, by place; of one place the one in use first, then what was put into the bin last."""
    rows = await tx.execute(select(_table).where(_table.c.service_id == service_id))
    return sorted((_stored(row) for row in rows), key=_order)


async def services_with_volumes(tx: Tx) -> list[str]:
    """Ids of services that have volumes outside the bin."""
    in_use = _table.c.service_id.is_not(None) & _table.c.binned_at.is_(None)
    rows = await tx.execute(select(_table.c.service_id).where(in_use).distinct().order_by(_table.c.service_id))
    return [row.service_id for row in rows]


async def put_into_bin(tx: Tx, ids: Sequence[str], actor: str) -> None:
    """Take their places from these; what is in them stays until they are removed."""
    await tx.execute(update(_table).where(_table.c.id.in_(ids)).values(binned_at=now(), binned_by=actor))


async def put_back(tx: Tx, volume_id: str) -> None:
    """Give one in the bin its place again. The caller has seen that no other has it."""
    values = {"binned_at": None, "binned_by": "", "placed_at": now()}
    await tx.execute(update(_table).where(_table.c.id == volume_id).values(values))


async def disown(tx: Tx, service_id: str) -> list[str]:
    """Leave a service's volumes to be removed, as the service is being deleted. Returns their ids."""
    ids = [each.id for each in await of_service(tx, service_id)]
    await tx.execute(update(_table).where(_table.c.service_id == service_id).values(service_id=None))
    return ids


async def condemn(tx: Tx, volume_id: str) -> bool:
    """Let nobody ask for one in the bin any more; False when it has been taken out of it."""
    nobodys = _table.c.service_id.is_(None) | _table.c.binned_at.is_not(None)
    condemned = update(_table).where(_table.c.id == volume_id, nobodys).values(service_id=None)
    return (await tx.execute(condemned)).rowcount > 0


async def due(tx: Tx, before: datetime) -> list[str]:
    """Ids of those that nobody can ask for any more: in the bin since `before`, or of services that have been deleted."""
    gone = or_(_table.c.service_id.is_(None), _table.c.binned_at < before)
    return [row.id for row in await tx.execute(select(_table.c.id).where(gone).order_by(_table.c.id))]


async def forget(tx: Tx, volume_id: str) -> None:
    """The engine's volume has gone."""
    await tx.execute(delete(_table).where(_table.c.id == volume_id))


def _order(volume: StoredVolume) -> tuple[Place, bool, float]:
    binned = volume.binned_at
    return volume.place, binned is not None, -binned.timestamp() if binned else 0.0


def _stored(row: Row[Any]) -> StoredVolume:
    place = Place(row.name, row.process, row.ordinal)
    return StoredVolume(row.id, row.service_id, place, row.created_at, row.placed_at, row.binned_at, row.binned_by)
