"""One-off runs: who attends to them, and how they ended. Leases tell a dead attendant from a busy one."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from shipway.domain.clock import now
from shipway.domain.ids import new_id
from shipway.domain.one_off import UNFINISHED, OneOff, OneOffState
from shipway.store import tables as t
from shipway.store.database import Tx

#: How long somebody attends who does not say so again.
LEASE = timedelta(seconds=20)

_table = t.one_off_runs
_unfinished = _table.c.state.in_(UNFINISHED)


async def create(
    tx: Tx,
    service_id: str,
    command: tuple[str, ...],
    *,
    release_id: str,
    release: int,
    process: str,
    attached: bool,
    actor: str,
    trigger: str,
    timeout: float,
    instance: str = "",
) -> OneOff:
    """One that nobody attends to yet."""
    made = OneOff(
        id=new_id("run"),
        service_id=service_id,
        release_id=release_id,
        release=release,
        process=process,
        command=command,
        attached=attached,
        actor=actor,
        trigger=trigger,
        timeout=timeout,
        created_at=now(),
        instance=instance,
    )
    values = {each.name: getattr(made, each.name) for each in fields(made)}
    await tx.execute(insert(_table).values(values | {"command": list(command)}))
    return made


async def find(tx: Tx, run_id: str) -> OneOff | None:
    """By id; `None` when it went with its service, or with time."""
    row = (await tx.execute(select(_table).where(_table.c.id == run_id))).one_or_none()
    return _run(row) if row else None


async def of_service(tx: Tx, service_id: str, *, limit: int = 20) -> list[OneOff]:
    """Newest first."""
    query = select(_table).where(_table.c.service_id == service_id)
    rows = await tx.execute(query.order_by(_table.c.created_at.desc(), _table.c.id.desc()).limit(limit))
    return [_run(row) for row in rows]


async def count_unfinished(tx: Tx, service_id: str) -> int:
    """How many of a service's are not over."""
    query = select(func.count()).select_from(_table).where(_table.c.service_id == service_id, _unfinished)
    return int((await tx.execute(query)).scalar_one())


async def unfinished(tx: Tx) -> list[OneOff]:
    """All that are not over, oldest first."""
    return [_run(row) for row in await tx.execute(select(_table).where(_unfinished).order_by(_table.c.created_at))]


async def unattended(tx: Tx) -> list[OneOff]:
    """Those of them that nobody attends to."""
    query = select(_table).where(_unfinished, or_(_table.c.attended_until.is_(None), _table.c.attended_until < now()))
    return [_run(row) for row in await tx.execute(query.order_by(_table.c.created_at))]


async def claim(tx: Tx, run_id: str) -> bool:
    """Attend to it from now on; False when somebody else does, or it is over."""
    free = or_(_table.c.attended_until.is_(None), _table.c.attended_until < now())
    return await _change(tx, run_id, _unfinished & free, attended_until=now() + LEASE)


async def renew(tx: Tx, run_id: str) -> OneOff | None:
    """Go on attending, and see how it is now; `None` when it has gone."""
    await _change(tx, run_id, _unfinished, attended_until=now() + LEASE)
    return await find(tx, run_id)


async def release(tx: Tx, run_id: str) -> None:
    """Attend to it no longer, so that somebody else may at once."""
    await _change(tx, run_id, _unfinished, attended_until=None)


async def release_all(tx: Tx) -> None:
    """The same of all, where whoever attended to them can only have been the process before this one."""
    await tx.execute(update(_table).where(_unfinished).values(attended_until=None))


async def begin(tx: Tx, run_id: str) -> None:
    """It may have been started from now on: nobody starts it once more."""
    await _change(tx, run_id, _table.c.state == "starting", state="running", started_at=now())


async def finish(tx: Tx, run_id: str, state: OneOffState, *, exit_code: int | None = None, reason: str = "") -> None:
    """It is over. What was said of its end first stays."""
    values = {"state": state, "exit_code": exit_code, "reason": reason, "finished_at": now(), "attended_until": None}
    await _change(tx, run_id, _unfinished, **values)


async def finish_all(tx: Tx, service_id: str) -> None:
    """All of a service's are over, as it is being deleted: nobody begins or goes on with one."""
    values = {"state": "stopped", "reason": "The service is being deleted.", "finished_at": now()}
    await tx.execute(update(_table).where(_table.c.service_id == service_id, _unfinished).values(values))


async def ask_to_stop(tx: Tx, run_id: str, actor: str) -> None:
    """Have whoever attends to it end it. Who asked first is remembered."""
    await _change(tx, run_id, _unfinished & (_table.c.stopped_by == ""), stopped_by=actor)


async def purge(tx: Tx, before: datetime) -> list[str]:
    """Forget those that were over before that; their ids."""
    old = delete(_table).where(_table.c.finished_at < before).returning(_table.c.id)
    return list((await tx.execute(old)).scalars())


async def _change(tx: Tx, run_id: str, condition: Any, **values: Any) -> bool:
    changed = await tx.execute(update(_table).where(_table.c.id == run_id, condition).values(values))
    return changed.rowcount > 0


def _run(row: Row[Any]) -> OneOff:
    values = {each.name: getattr(row, each.name) for each in fields(OneOff)}
    return OneOff(**values | {"command": tuple(row.command)})
