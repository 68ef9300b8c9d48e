"""The queue: which deployment runs next. One per service holds the service; leases tell a dead worker from a busy one."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Select, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from shipway.domain.clock import now
from shipway.store import tables as t
from shipway.store.database import Tx

LEASE = timedelta(seconds=15)

_table = t.queue
#: `claimed`: worked on, and holds its service. `waiting`: holds its service and waits for somebody's word. `background`:
#: the service is no longer its own. The last two stay so when another worker takes them.
_held = case((_table.c.status.in_(("background", "waiting")), _table.c.status), else_="claimed")


async def enqueue(tx: Tx, deployment_id: str, service_id: str) -> None:
    """Add a deployment; call it in the transaction that creates it."""
    values = {"deployment_id": deployment_id, "service_id": service_id, "status": "queued", "owner": ""}
    await tx.execute(insert(_table).values(values | {"enqueued_at": now()}))


async def claim(tx: Tx, owner: str, *, limit: int, working: Collection[str] = ()) -> str | None:
    """Take a deployment to work on and return its id: one whose worker died, else the oldest whose service is free.

    Never one of those it is `working` on, should their leases have run out all the same. No new one while `limit` services
    are held by `owner`; what only finishes in the background does not count.
    """
    if taken := await _take(tx, owner, _abandoned(working)):
        return taken
    held = select(func.count()).where(_table.c.owner == owner, _table.c.status == "claimed")
    return await _take(tx, owner, _next_queued()) if (await tx.execute(held)).scalar_one() < limit else None


async def _take(tx: Tx, owner: str, candidate: Select[tuple[str]]) -> str | None:
    query = (
        update(_table).where(_table.c.deployment_id == candidate.scalar_subquery()).returning(_table.c.deployment_id)
    )
    values = {"owner": owner, "lease_until": now() + LEASE, "status": _held}
    try:
        async with tx.begin_nested():
            taken: str | None = (await tx.execute(query.values(values))).scalar_one_or_none()
    except IntegrityError:
        # Another worker claimed the same service in the same instant: there will be a next time.
        return None
    return taken


def _abandoned(working: Collection[str]) -> Select[tuple[str]]:
    held = (_table.c.status != "queued") & _table.c.deployment_id.notin_(list(working))
    query = select(_table.c.deployment_id).where(
        held, or_(_table.c.lease_until.is_(None), _table.c.lease_until < now())
    )
    return query.order_by(_table.c.enqueued_at).limit(1).with_for_update(skip_locked=True)


def _next_queued() -> Select[tuple[str]]:
    other = _table.alias("other")
    holds = other.c.status.in_(("claimed", "waiting"))
    busy = exists().where(other.c.service_id == _table.c.service_id, holds)
    query = select(_table.c.deployment_id).where(_table.c.status == "queued", ~busy)
    return query.order_by(_table.c.enqueued_at, _table.c.deployment_id).limit(1).with_for_update(skip_locked=True)


async def renew(tx: Tx, deployment_id: str, owner: str) -> bool:
    """Hold a lease for longer; False when it is another worker's by now, and the caller must stop at once."""
    condition = (_table.c.deployment_id == deployment_id) & (_table.c.owner == owner)
    return (await tx.execute(update(_table).where(condition).values(lease_until=now() + LEASE))).rowcount > 0


async def set_waiting(tx: Tx, deployment_id: str, *, waits: bool) -> None:
    """Let others be worked on while this one waits for somebody's word, holding its service; or work on it again."""
    status = "waiting" if waits else "claimed"
    await tx.execute(update(_table).where(_table.c.deployment_id == deployment_id).values(status=status))


async def free_service(tx: Tx, deployment_id: str) -> None:
    """Let the next deployment of the service begin while this one finishes in the background."""
    await tx.execute(update(_table).where(_table.c.deployment_id == deployment_id).values(status="background"))


async def done(tx: Tx, deployment_id: str) -> None:
    """Nothing is left to do."""
    await tx.execute(delete(_table).where(_table.c.deployment_id == deployment_id))


async def queued(tx: Tx, service_id: str) -> list[str]:
    """Deployments of a service that wait, oldest first."""
    query = select(_table.c.deployment_id).where(_table.c.service_id == service_id, _table.c.status == "queued")
    return list((await tx.execute(query.order_by(_table.c.enqueued_at))).scalars())


async def holds(tx: Tx, deployment_id: str) -> bool:
    """Whether a deployment waits or is worked on, be it only its end."""
    query = select(exists().where(_table.c.deployment_id == deployment_id))
    return bool((await tx.execute(query)).scalar_one())


async def busy_services(tx: Tx) -> set[str]:
    """Services of which some deployment is being worked on, be it only its end."""
    return set((await tx.execute(select(_table.c.service_id).where(_table.c.status != "queued"))).scalars())


async def expire_leases(tx: Tx) -> None:
    """End every lease. Only for a start of the one process that uses this database: no other can hold any."""
    await tx.execute(update(_table).where(_table.c.status != "queued").values(lease_until=None))
