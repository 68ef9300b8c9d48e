"""Restarts: of each live instance the last one, for as long as its rollout is there."""

from datetime import datetime

from sqlalchemy import insert, select, update

from shipway.domain.restart import Restart
from shipway.store import tables as t
from shipway.store.database import Tx

_table = t.restarts


async def record(tx: Tx, deployment_id: str, instance: str, *, at: datetime, reason: str, hung: bool = False) -> None:
    """Note that an instance of a rollout ended; `hung`: because Shipway ended it."""
    values = {"at": at, "reason": reason}
    more = _table.c.hung + int(hung)
    changed = await tx.execute(update(_table).where(_table.c.instance == instance).values(values | {"hung": more}))
    if not changed.rowcount:
        new = {"instance": instance, "deployment_id": deployment_id, "hung": int(hung)}
        await tx.execute(insert(_table).values(values | new))


async def of_rollout(tx: Tx, deployment_id: str) -> dict[str, Restart]:
    """By instance; nothing for those that never ended."""
    rows = await tx.execute(select(_table).where(_table.c.deployment_id == deployment_id))
    return {row.instance: Restart(row.at, row.reason, row.hung) for row in rows}
