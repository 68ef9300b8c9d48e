"""Pushes to Shipway itself: written down before the branch moves, decided afterwards."""

from typing import Any

from sqlalchemy import Row, insert, select, update

from shipway.domain.clock import now
from shipway.domain.git_push import GitPush, Outcome
from shipway.domain.ids import new_id
from shipway.store import tables as t
from shipway.store.database import Tx

_table = t.git_pushes


async def announce(tx: Tx, service_id: str, branch: str, commit: str, actor: str) -> GitPush:
    """One that is about to be received."""
    push = GitPush(new_id("gp"), service_id, branch, commit, actor, now())
    values = {name: getattr(push, name) for name in GitPush.__dataclass_fields__}
    await tx.execute(insert(_table).values(values))
    return push


async def get(tx: Tx, push_id: str) -> GitPush | None:
    """By id; `None` when its service has gone."""
    row = (await tx.execute(select(_table).where(_table.c.id == push_id))).one_or_none()
    return _push(row) if row else None


async def undecided(tx: Tx) -> list[GitPush]:
    """Those that are being received, or were when Shipway died; oldest first."""
    rows = await tx.execute(select(_table).where(_table.c.outcome == "open").order_by(_table.c.id))
    return [_push(row) for row in rows]


async def of_service(tx: Tx, service_id: str, *, limit: int = 50) -> list[GitPush]:
    """Newest first."""
    query = select(_table).where(_table.c.service_id == service_id).order_by(_table.c.id.desc()).limit(limit)
    return [_push(row) for row in await tx.execute(query)]


async def decide(
    tx: Tx, push_id: str, outcome: Outcome, *, reason: str = "", deployment_id: str | None = None
) -> GitPush | None:
    """Record what became of it; returns it as it is then."""
    values = {"outcome": outcome, "reason": reason, "deployment_id": deployment_id}
    await tx.execute(update(_table).where(_table.c.id == push_id).values(values))
    return await get(tx, push_id)


async def any_of(tx: Tx, service_id: str) -> bool:
    """Whether anything of the branch that is deployed ever arrived."""
    arrived = _table.c.outcome.in_(("deployed", "held", "overtaken"))
    query = select(_table.c.id).where(_table.c.service_id == service_id, arrived).limit(1)
    return (await tx.execute(query)).first() is not None


def _push(row: Row[Any]) -> GitPush:
    return GitPush(
        id=row.id,
        service_id=row.service_id,
        branch=row.branch,
        commit=row.commit,
        actor=row.actor,
        created_at=row.created_at,
        outcome=row.outcome,
        reason=row.reason,
        deployment_id=row.deployment_id,
    )
