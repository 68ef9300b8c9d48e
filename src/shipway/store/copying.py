"""Copying what a service or an environment is given to another one, with the change of each on record."""

from typing import Any

from sqlalchemy import Table, insert, select

from shipway.domain.clock import now
from shipway.domain.config import ChangeKind, Holder
from shipway.domain.secret import anywhere
from shipway.domain.service import Service
from shipway.domain.tenancy import Environment
from shipway.store import config_changes
from shipway.store import tables as t
from shipway.store.config_changes import owner_of
from shipway.store.database import Tx


async def copy_config(
    tx: Tx, source: Service, target: Service, actor: str, *, by_name: bool = False
) -> tuple[str, ...]:
    """Give `target`, which has none, the config of `source`. Secrets are referred to by name, and belong to an environment:
    in another one what refers to them is left out, or, `by_name`, refers to the one of that name there. Returns the names of
    what was left out, sorted."""
    near = source.environment_id == target.environment_id
    left_out: list[str] = []
    for row in await _of(tx, t.config_vars, source):
        if row["reference"] and not (near or by_name):
            left_out.append(row["name"])
        else:
            await _add(tx, t.config_vars, target, row, actor, near=near)
    for row in await _of(tx, t.secret_files, source):
        if near or by_name:
            await _add(tx, t.secret_files, target, row, actor, near=near)
        else:
            left_out.append(f"/run/secrets/{row['name']}")
    for row in await _of(tx, t.config_files, source):
        await _add(tx, t.config_files, target, row, actor)
    # These are sealed for the one service that they are of.
    left_out += [row["name"] for row in await _of(tx, t.build_secrets, source)]
    return tuple(sorted(left_out))


async def copy_environment_vars(tx: Tx, source: Environment, target: Environment, actor: str) -> None:
    """Give `target`, which has none, the config vars of `source`; those that are secrets refer to its own of that name."""
    for row in await _of(tx, t.environment_vars, source):
        await _add(tx, t.environment_vars, target, row, actor, near=False)


_KINDS: dict[str, ChangeKind] = {
    "config_vars": "variable",
    "environment_vars": "variable",
    "secret_files": "secret-file",
    "config_files": "file",
}


async def _of(tx: Tx, table: Table, holder: Holder) -> list[dict[str, Any]]:
    rows = await tx.execute(select(table).where(table.c[_owner(table)] == holder.id))
    return [dict(row._mapping) for row in rows]


async def _add(tx: Tx, table: Table, target: Holder, row: dict[str, Any], actor: str, *, near: bool = True) -> None:
    reference = row.get("reference", "")
    given = row if near or not reference else row | {"reference": anywhere(reference)}
    own = {_owner(table): target.id, "updated_at": now(), "updated_by": actor}
    await tx.execute(insert(table).values(given | own))
    await config_changes.record(
        tx,
        owner_of(target),
        _KINDS[table.name],
        given.get("name") or given["path"],
        "set",
        actor=actor,
        value=given.get("value") or given.get("sha256", ""),
        reference=given.get("reference", ""),
        buildtime=given.get("buildtime", False),
    )


def _owner(table: Table) -> str:
    return "environment_id" if "environment_id" in table.c else "service_id"
