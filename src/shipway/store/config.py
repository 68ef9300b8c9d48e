"""Config vars as they are now; what a release took of them is frozen with the release."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, delete, insert, select

from shipway.domain.clock import now
from shipway.domain.config import Holder, Origin, Var, changed, merge
from shipway.domain.service import Service
from shipway.store import config_changes
from shipway.store import tables as t
from shipway.store.config_changes import owner_of
from shipway.store.database import Tx

_NONE: Mapping[str, bool] = MappingProxyType({})


async def own(tx: Tx, holder: Holder) -> dict[str, Var]:
    """A service's own, or an environment's, by name."""
    return await _of(tx, _origin(holder), holder.id)


async def effective(tx: Tx, holder: Holder) -> dict[str, Var]:
    """What is in effect, by name: of a service its own and those of its environment that it has not itself."""
    if isinstance(holder, Service):
        return merge(await _of(tx, "environment", holder.environment_id), await own(tx, holder))
    return await own(tx, holder)


async def merged(tx: Tx, service: Service) -> dict[str, str]:
    """Values of those in effect that are not secrets, by name."""
    return {name: var.value for name, var in (await effective(tx, service)).items() if not var.reference}


async def buildtime(tx: Tx, service: Service) -> tuple[str, ...]:
    """Names of those in effect that builds get as arguments, sorted; a secret never is one."""
    return tuple(name for name, var in (await effective(tx, service)).items() if var.buildtime and not var.reference)


async def change(
    tx: Tx,
    holder: Holder,
    values: Mapping[str, str],
    unset: Sequence[str],
    actor: str,
    *,
    marks: Mapping[str, bool] = _NONE,
) -> None:
    """Set `values`, forget `unset`, and mark for builds or not as `marks` says, all at once. Other marks stay. What differs
    is written, and written down as a change; what is as it was is neither."""
    await config_changes.one_at_a_time(tx, holder)
    before = await own(tx, holder)
    after = changed(before, values, unset, origin=_origin(holder), marks=marks)
    for name in sorted(before.keys() | after.keys()):
        if after.get(name) != before.get(name):
            await _put(tx, holder, name, after.get(name), actor)


async def _put(tx: Tx, holder: Holder, name: str, var: Var | None, actor: str) -> None:
    table, owner = _table(_origin(holder))
    await tx.execute(delete(table).where(table.c[owner] == holder.id, table.c.name == name))
    if var is None:
        await config_changes.record(tx, owner_of(holder), "variable", name, "unset", actor=actor)
        return
    given: dict[str, Any] = {"value": var.value, "reference": var.reference, "buildtime": var.buildtime}
    row = given | {owner: holder.id, "name": name, "updated_at": now(), "updated_by": actor}
    await tx.execute(insert(table).values(row))
    await config_changes.record(tx, owner_of(holder), "variable", name, "set", actor=actor, **given)


async def _of(tx: Tx, origin: Origin, owner_id: str) -> dict[str, Var]:
    table, owner = _table(origin)
    rows = await tx.execute(select(table).where(table.c[owner] == owner_id).order_by(table.c.name))
    return {row.name: Var(row.name, row.value, origin, row.buildtime, row.reference) for row in rows}


def _origin(holder: Holder) -> Origin:
    return "service" if isinstance(holder, Service) else "environment"


def _table(origin: Origin) -> tuple[Table, str]:
    """And the name of the column that says whose a row is."""
    return (t.config_vars, "service_id") if origin == "service" else (t.environment_vars, "environment_id")
