"""What each deployment has started, as far as requests are concerned: the source of the routing table."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, insert, select, update

from shipway.domain.artifacts import Target
from shipway.domain.codec import decode, encode
from shipway.store import tables as t
from shipway.store.database import Tx

#: `switching`: it may have requests, and need not have the traffic.
RolloutState = Literal["candidate", "switching", "live", "draining"]


@dataclass(frozen=True, slots=True)
class StoredRollout:
    """One deployment's instances that the proxy knows or is to know."""

    deployment_id: str
    service_id: str
    state: RolloutState
    targets: tuple[Target, ...]
    #: Names of all instances, of every process type.
    instances: tuple[str, ...]


async def ensure(
    tx: Tx, deployment_id: str, service_id: str, targets: tuple[Target, ...], instances: tuple[str, ...]
) -> None:
    """Record a candidate; recorded again, its instances are replaced and its state stays."""
    table = t.rollouts
    condition = table.c.deployment_id == deployment_id
    given = {"targets": encode(targets), "instances": list(instances)}
    changed = await tx.execute(update(table).where(condition).values(given))
    if not changed.rowcount:
        values = {"deployment_id": deployment_id, "service_id": service_id, "state": "candidate"}
        await tx.execute(insert(table).values(values | given))


async def readdress(tx: Tx, deployment_id: str, targets: tuple[Target, ...]) -> None:
    """Replace the targets of a rollout that is still there."""
    condition = t.rollouts.c.deployment_id == deployment_id
    await tx.execute(update(t.rollouts).where(condition).values(targets=encode(targets)))


async def set_state(tx: Tx, deployment_id: str, state: RolloutState) -> None:
    """Move a rollout on."""
    await tx.execute(update(t.rollouts).where(t.rollouts.c.deployment_id == deployment_id).values(state=state))


async def remove(tx: Tx, deployment_id: str) -> None:
    """Forget a rollout: its instances are gone or about to be."""
    await tx.execute(delete(t.rollouts).where(t.rollouts.c.deployment_id == deployment_id))


async def listed(tx: Tx, service_id: str | None = None) -> list[StoredRollout]:
    """All, or one service's, oldest first."""
    query = select(t.rollouts).order_by(t.rollouts.c.deployment_id)
    if service_id:
        query = query.where(t.rollouts.c.service_id == service_id)
    return [
        StoredRollout(
            row.deployment_id,
            row.service_id,
            row.state,
            decode(tuple[Target, ...], row.targets),
            tuple(row.instances),
        )
        for row in await tx.execute(query)
    ]


async def live(tx: Tx) -> list[StoredRollout]:
    """Those that have the traffic, oldest first."""
    return [rollout for rollout in await listed(tx) if rollout.state == "live"]
