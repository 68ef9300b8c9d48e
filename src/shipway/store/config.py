"""Config vars as they are now; what a release took of them is frozen with the release."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import delete, insert, select, update

from shipway.domain.clock import now
from shipway.store import tables as t
from shipway.store.database import Tx

_NONE: Mapping[str, bool] = MappingProxyType({})


async def current(tx: Tx, service_id: str) -> dict[str, str]:
    """All of a service's, by name."""
    table = t.config_vars
    rows = await tx.execute(select(table).where(table.c.service_id == service_id).order_by(table.c.name))
    return {row.name: row.value for row in rows}


async def buildtime(tx: Tx, service_id: str) -> tuple[str, ...]:
    """Names of those that builds get as arguments, sorted."""
    table = t.config_vars
    chosen = select(table.c.name).where(table.c.service_id == service_id, table.c.buildtime).order_by(table.c.name)
    return tuple(row.name for row in await tx.execute(chosen))


async def change(
    tx: Tx,
    service_id: str,
    values: Mapping[str, str],
    unset: Sequence[str],
    actor: str,
    *,
    marks: Mapping[str, bool] = _NONE,
) -> None:
    """Set `values`, forget `unset`, and mark for builds or not as `marks` says, all at once. Other marks stay."""
    table = t.config_vars
    marked = dict.fromkeys(await buildtime(tx, service_id), True) | dict(marks)
    gone = [*values, *unset]
    await tx.execute(delete(table).where(table.c.service_id == service_id, table.c.name.in_(gone)))
    for name, value in values.items():
        row = {"service_id": service_id, "name": name, "value": value, "buildtime": marked.get(name, False)}
        await tx.execute(insert(table).values(row | {"updated_at": now(), "updated_by": actor}))
    for name, mark in marks.items():
        one = (table.c.service_id == service_id) & (table.c.name == name)
        await tx.execute(update(table).where(one).values(buildtime=mark))
