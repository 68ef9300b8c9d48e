"""What each deployment has started, as far as requests are concerned: the source of the routing table."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, insert, select, update

from shipway.domain.artifacts import Target
from shipway.domain.codec import decode, encode
from shipway.store import tables as t
from shipway.store.database import Tx

#: `canary`: it has a share of the requests; `switching`: it may have requests, and need not have the traffic; `warm`: it
#: has none any more and is kept started, for an undo; `retiring`: it is being stopped.
RolloutState = Literal["candidate", "canary", "switching", "live", "draining", "warm", "retiring"]


@dataclass(frozen=True, slots=True)
class StoredRollout:
    """One deployment's instances that the proxy knows or is to know."""

    deployment_id: str
    service_id: str
    #: Deployment that started its `web` instances, and name of their set in the proxy: another than its own after a warm
    #: undo, which takes over what still stands.
    origin: str
    state: RolloutState
    targets: tuple[Target, ...]
    #: Names of all instances, of every process type.
    instances: tuple[str, ...]
    #: Names of those that were stopped for their successors, to be started again should these fail.
    parked: tuple[str, ...] = ()
    #: Names of those that are up and not ready for requests.
    unready: tuple[str, ...] = ()
    #: Percent of the requests that it gets as a canary.
    percent: int = 0
    #: When a warm one ends.
    until: datetime | None = None

    @property
    def serving(self) -> tuple[Target, ...]:
        """Those that requests are sent to. Where none is ready all are: an answer that may fail is better than none."""
        standing = tuple(target for target in self.targets if target.name not in self.parked)
        return tuple(target for target in standing if target.name not in self.unready) or standing


async def ensure(
    tx: Tx,
    deployment_id: str,
    service_id: str,
    targets: tuple[Target, ...],
    instances: tuple[str, ...],
) -> None:
    """Record a candidate; recorded again, its instances are replaced, and its state and origin stay."""
    table = t.rollouts
    condition = table.c.deployment_id == deployment_id
    given = {"targets": encode(targets), "instances": list(instances)}
    changed = await tx.execute(update(table).where(condition).values(given))
    if not changed.rowcount:
        values = {
            "deployment_id": deployment_id,
            "service_id": service_id,
            "origin": deployment_id,
            "state": "candidate",
        }
        await tx.execute(insert(table).values(values | given | {"parked": [], "unready": []}))


async def readdress(tx: Tx, deployment_id: str, targets: tuple[Target, ...]) -> None:
    """Replace the targets of a rollout that is still there."""
    await _change(tx, deployment_id, targets=encode(targets))


async def set_state(tx: Tx, deployment_id: str, state: RolloutState) -> None:
    """Move a rollout on. Only a canary has a share."""
    await _change(tx, deployment_id, state=state, percent=0)


async def set_share(tx: Tx, deployment_id: str, percent: int) -> None:
    """Give a canary its share of the requests."""
    await _change(tx, deployment_id, state="canary", percent=percent)


async def adopt(tx: Tx, deployment_id: str, origin: str, instances: Collection[str]) -> bool:
    """Let a deployment take over the `web` instances of those names, which stand in the set `origin` without requests.

    They keep their place in the proxy, for the requests that they may still finish. Recorded again, nothing changes.
    False when they are being stopped or have gone.
    """
    known = {each.origin: each for each in await listed(tx)}
    row = known.get(origin)
    if row is None or row.deployment_id == deployment_id:
        return row is not None
    if not {target.name for target in row.targets} >= set(instances):
        return False
    # What was reserved for the deployment makes way for it.
    await remove(tx, deployment_id)
    # Asked for in the statement itself: elsewhere somebody may begin to stop them in the same instant.
    standing = (t.rollouts.c.deployment_id == row.deployment_id) & t.rollouts.c.state.in_(("draining", "warm"))
    values = {
        "deployment_id": deployment_id,
        "state": "warm",
        "instances": list(instances),
        "parked": [],
        "until": None,
    }
    return (await tx.execute(update(t.rollouts).where(standing).values(values))).rowcount > 0


async def hand_over(tx: Tx, deployment_id: str, successor: str) -> None:
    """Let a deployment have all of another's, as it stands: state, place in the proxy, instances."""
    await remove(tx, successor)
    own = t.rollouts.c.deployment_id == deployment_id
    await tx.execute(update(t.rollouts).where(own).values(deployment_id=successor))


async def keep_warm(tx: Tx, deployment_id: str, instances: Collection[str], until: datetime) -> bool:
    """Let a drained one stand until then, reduced to these instances; False when it was taken over meanwhile."""
    condition = (t.rollouts.c.deployment_id == deployment_id) & (t.rollouts.c.state == "draining")
    values = {"state": "warm", "instances": list(instances), "until": until}
    return (await tx.execute(update(t.rollouts).where(condition).values(values))).rowcount > 0


async def park(tx: Tx, deployment_id: str, instances: Collection[str]) -> None:
    """Record which of its instances are stopped for their successors: these, and no others."""
    await _change(tx, deployment_id, parked=sorted(instances))


async def set_unready(tx: Tx, deployment_id: str, instances: Collection[str]) -> None:
    """Record which of its instances are not ready for requests: these, and no others."""
    await _change(tx, deployment_id, unready=sorted(instances))


async def remove(tx: Tx, deployment_id: str) -> None:
    """Forget a rollout: its instances are gone or about to be."""
    await tx.execute(delete(t.rollouts).where(t.rollouts.c.deployment_id == deployment_id))


async def find(tx: Tx, deployment_id: str) -> StoredRollout | None:
    """By its deployment."""
    return next((known for known in await listed(tx) if known.deployment_id == deployment_id), None)


async def listed(tx: Tx, service_id: str | None = None) -> list[StoredRollout]:
    """All, or one service's, oldest first."""
    query = select(t.rollouts).order_by(t.rollouts.c.deployment_id)
    if service_id:
        query = query.where(t.rollouts.c.service_id == service_id)
    return [
        StoredRollout(
            row.deployment_id,
            row.service_id,
            row.origin,
            row.state,
            decode(tuple[Target, ...], row.targets),
            tuple(row.instances),
            tuple(row.parked),
            tuple(row.unready),
            row.percent,
            row.until,
        )
        for row in await tx.execute(query)
    ]


async def live(tx: Tx) -> list[StoredRollout]:
    """Those that have the traffic, oldest first."""
    return [rollout for rollout in await listed(tx) if rollout.state == "live"]


async def _change(tx: Tx, deployment_id: str, **values: object) -> None:
    await tx.execute(update(t.rollouts).where(t.rollouts.c.deployment_id == deployment_id).values(values))
