"""Copying what a service is given to another one, with the change of each on record."""

from typing import Any

from sqlalchemy import insert, select

from shipway.domain.clock import now
from shipway.domain.service import Service
from shipway.store import tables as t
from shipway.store.database import Tx


async def copy_config(tx: Tx, source: Service, target: Service, actor: str) -> tuple[str, ...]:
    """Give `target`, which has none, the config of `source`. Secrets are referred to by name, and belong to an environment:
    in another one what refers to them is left out. Returns the names of what was, sorted."""
    near = source.environment_id == target.environment_id
    left_out: list[str] = []
    for row in await _of(tx, t.config_vars, source):
        if row["reference"] and not near:
            left_out.append(row["name"])
        else:
            await _add(tx, t.config_vars, target, row, actor, kind="variable", value=row["value"])
    for row in await _of(tx, t.secret_files, source):
        if near:
            await _add(tx, t.secret_files, target, row, actor, kind="secret-file")
        else:
            left_out.append(f"/run/secrets/{row['name']}")
    for row in await _of(tx, t.config_files, source):
        await _add(tx, t.config_files, target, row, actor, kind="file", name=row["path"], value=row["sha256"])
    # These are sealed for the one service that they are of.
    left_out += [row["name"] for row in await _of(tx, t.build_secrets, source)]
    return tuple(sorted(left_out))


async def _of(tx: Tx, table: Any, service: Service) -> list[dict[str, Any]]:
    rows = await tx.execute(select(table).where(table.c.service_id == service.id))
    return [dict(row._mapping) for row in rows]


async def _add(
    tx: Tx, table: Any, target: Service, row: dict[str, Any], actor: str, *, kind: str, **change: Any
) -> None:
    moment = now()
    own = {"service_id": target.id, "updated_at": moment, "updated_by": actor}
    await tx.execute(insert(table).values(row | own))
    told = {"name": row.get("name"), "reference": row.get("reference", ""), "buildtime": row.get("buildtime", False)}
    record = {"environment_id": target.environment_id, "service_id": target.id, "kind": kind, "change": "set"}
    who = {"actor": actor, "at": moment}
    await tx.execute(insert(t.config_changes).values(record | told | who | change))
