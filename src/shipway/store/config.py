"""Config vars as they are now; what a release took of them is frozen with the release."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select

from shipway.domain.clock import now
from shipway.store import tables as t
from shipway.store.database import Tx


async def current(tx: Tx, service_id: str) -> dict[str, str]:
    """All of a service's, by name."""
    table = t.config_vars
    rows = await tx.execute(select(table).where(table.c.service_id == service_id).order_by(table.c.name))
    return {row.name: row.value for row in rows}


async def change(tx: Tx, service_id: str, values: Mapping[str, str], unset: Sequence[str], actor: str) -> None:
    """Set `values` and forget `unset`, both at once."""
    gone = [*values, *unset]
    table = t.config_vars
    await tx.execute(delete(table).where(table.c.service_id == service_id, table.c.name.in_(gone)))
    for name, value in values.items():
        row = {"service_id": service_id, "name": name, "value": value, "updated_at": now(), "updated_by": actor}
        await tx.execute(insert(table).values(row))
