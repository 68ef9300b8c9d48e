"""The journal: what each step of a deployment returned, or how it failed, so that a restart goes on and does not repeat."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from shipway.domain.clock import now
from shipway.domain.codec import decode, encode
from shipway.domain.deployment import OPTIONAL_STEPS, POINT_OF_NO_RETURN, STEPS, Failure, StepRecord, StepState
from shipway.store import tables as t
from shipway.store.database import Tx

_table = t.steps


async def recorded(tx: Tx, deployment_id: str, name: str) -> tuple[StepState, Any, Failure | None] | None:
    """A step's state, its encoded result and its failure; `None` when it has never begun."""
    query = select(_table).where(_table.c.deployment_id == deployment_id, _table.c.name == name)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    return row.state, row.result, decode(Failure, row.failure) if row.failure else None


async def begin(tx: Tx, deployment_id: str, name: str) -> tuple[StepState, Any, Failure | None] | None:
    """What is recorded of a step; where that is nothing, note that it runs. Its first beginning counts when it runs again
    after a crash."""
    known = await recorded(tx, deployment_id, name)
    if known is None:
        await _insert(tx, deployment_id, {name: "running"})
    return known


async def complete(tx: Tx, deployment_id: str, name: str, result: Any, summary: str) -> None:
    """Note what a step returned, and in one line how it went."""
    await _end(tx, deployment_id, name, {"state": "complete", "result": result, "summary": summary, "failure": None})


async def fail(tx: Tx, deployment_id: str, name: str, failure: Failure) -> None:
    """Note how a step failed."""
    await _end(tx, deployment_id, name, {"state": "error", "failure": encode(failure)})


async def skip(tx: Tx, deployment_id: str, names: tuple[str, ...]) -> None:
    """Note that steps are not needed."""
    query = select(_table.c.name).where(_table.c.deployment_id == deployment_id, _table.c.name.in_(names))
    known = set((await tx.execute(query)).scalars())
    await _insert(tx, deployment_id, {name: "skipped" for name in names if name not in known})


async def steps(tx: Tx, deployment_id: str) -> tuple[StepRecord, ...]:
    """All nine steps in order, those that have not begun as pending; optional ones, and `abandon` last, where they took
    place."""
    rows = {row.name: row for row in await tx.execute(select(_table).where(_table.c.deployment_id == deployment_id))}
    optional = [name for name in OPTIONAL_STEPS if name in rows]
    before = STEPS.index(POINT_OF_NO_RETURN)
    names = [*STEPS[:before], *optional, *STEPS[before:]]
    names += sorted(set(rows) - set(names))
    return tuple(_record(name, rows.get(name)) for name in names)


def _record(name: str, row: Any) -> StepRecord:
    if row is None:
        return StepRecord(name, "pending")
    return StepRecord(name, row.state, row.started_at, row.finished_at, row.summary)


async def _insert(tx: Tx, deployment_id: str, states: Mapping[str, StepState]) -> None:
    rows = [
        {
            "deployment_id": deployment_id,
            "name": name,
            "state": state,
            "started_at": now() if state == "running" else None,
            "summary": "",
        }
        for name, state in states.items()
    ]
    if rows:
        await tx.execute(insert(_table).values(rows))


async def _end(tx: Tx, deployment_id: str, name: str, values: dict[str, Any]) -> None:
    condition = (_table.c.deployment_id == deployment_id) & (_table.c.name == name)
    await tx.execute(update(_table).where(condition).values(values | {"finished_at": now()}))
