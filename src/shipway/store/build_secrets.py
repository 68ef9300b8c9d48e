"""Secrets that a service's builds may mount and nothing else gets; their values are sealed."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select

from shipway.domain.clock import now
from shipway.store import tables as t
from shipway.store.database import Tx
from shipway.store.sealing import Sealer

_table = t.build_secrets


async def names(tx: Tx, service_id: str) -> tuple[str, ...]:
    """Of all of a service's, sorted."""
    rows = await tx.execute(select(_table.c.name).where(_table.c.service_id == service_id).order_by(_table.c.name))
    return tuple(row.name for row in rows)


async def opened(tx: Tx, service_id: str, sealer: Sealer) -> dict[str, str]:
    """All of a service's by name, for a build."""
    rows = await tx.execute(select(_table).where(_table.c.service_id == service_id).order_by(_table.c.name))
    return {row.name: sealer.open(row.sealed, _about(service_id, row.name)) for row in rows}


async def change(
    tx: Tx, service_id: str, sealer: Sealer, *, values: Mapping[str, str], unset: Sequence[str], actor: str
) -> None:
    """Set `values` and forget `unset`, both at once."""
    gone = [*values, *unset]
    await tx.execute(delete(_table).where(_table.c.service_id == service_id, _table.c.name.in_(gone)))
    for name, value in values.items():
        sealed = sealer.seal(value, _about(service_id, name))
        row = {"service_id": service_id, "name": name, "sealed": sealed, "updated_at": now(), "updated_by": actor}
        await tx.execute(insert(_table).values(row))


def _about(service_id: str, name: str) -> str:
    return f"build-secret:{service_id}:{name}"
