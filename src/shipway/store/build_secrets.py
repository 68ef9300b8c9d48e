"""Secrets that a service's builds may mount and nothing else gets; their values are sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from shipway.domain.clock import now
from shipway.domain.service import Service
from shipway.store import config_changes
from shipway.store import tables as t
from shipway.store.config_changes import owner_of
from shipway.store.database import Tx
from shipway.store.sealing import Sealer

_table = t.build_secrets


async def names(tx: Tx, service_id: str) -> tuple[str, ...]:
    """Of all of a service's, sorted."""
    rows = await tx.execute(select(_table.c.name).where(_table.c.service_id == service_id).order_by(_table.c.name))
    return tuple(row.name for row in rows)


async def changed_since(tx: Tx, service_id: str, moment: datetime) -> tuple[str, ...]:
    """Names of those that were set after `moment`, be it to what they were."""
    later = (_table.c.service_id == service_id) & (_table.c.updated_at > moment)
    return tuple((await tx.execute(select(_table.c.name).where(later))).scalars())


async def opened(tx: Tx, service_id: str, sealer: Sealer) -> dict[str, str]:
    """All of a service's by name, for a build."""
    rows = await tx.execute(select(_table).where(_table.c.service_id == service_id).order_by(_table.c.name))
    return {row.name: sealer.open(row.sealed, about(service_id, row.name)) for row in rows}


async def change(
    tx: Tx, service: Service, sealer: Sealer, *, values: Mapping[str, str], unset: Sequence[str], actor: str
) -> None:
    """Set `values` and forget `unset`, both at once. That it was done is written down, by name."""
    known = await names(tx, service.id)
    gone = [*values, *unset]
    await tx.execute(delete(_table).where(_table.c.service_id == service.id, _table.c.name.in_(gone)))
    for name in unset:
        if name in known:
            await config_changes.record(tx, owner_of(service), "build-secret", name, "unset", actor=actor)
    for name, value in values.items():
        sealed = sealer.seal(value, about(service.id, name))
        row = {"service_id": service.id, "name": name, "sealed": sealed, "updated_at": now(), "updated_by": actor}
        await tx.execute(insert(_table).values(row))
        await config_changes.record(tx, owner_of(service), "build-secret", name, "set", actor=actor)


def about(service_id: str, name: str) -> str:
    """What a value is sealed for."""
    return f"build-secret:{service_id}:{name}"
