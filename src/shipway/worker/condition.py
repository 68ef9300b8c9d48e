"""Writing down how live instances are, and routing by it. Level-based: the store says it, the routes follow."""

from shipway.domain.clock import now
from shipway.pipeline.platform import Platform
from shipway.store import restarts, rollouts
from shipway.store.database import Tx
from shipway.store.rollouts import StoredRollout


async def set_readiness(platform: Platform, deployment_id: str, instance: str, *, ready: bool) -> bool:
    """Take a live deployment's instance out of the route or put it back; False when that is no business of ours any more.

    The last one that is ready stays in the route, see `StoredRollout.serving`. Raises `Unavailable` when the proxy does
    not answer; the store knows by then, and the next `reconcile` follows it.
    """
    async with platform.database.write() as tx:
        rollout = await _live(tx, deployment_id, instance)
        if rollout is None:
            return False
        others = set(rollout.unready) & {target.name for target in rollout.targets} - {instance}
        await rollouts.set_unready(tx, deployment_id, others if ready else others | {instance})
    platform.signals.notify(deployment_id)
    await platform.routes.reconcile()
    return True


async def record_restart(platform: Platform, instance: str, reason: str, *, hung: bool = False) -> None:
    """Note that a live instance's app ended and is started again; nothing where it is not live."""
    async with platform.database.write() as tx:
        rollout = next((each for each in await rollouts.live(tx) if instance in each.instances), None)
        if rollout and instance not in rollout.parked:
            await restarts.record(tx, rollout.deployment_id, instance, at=now(), reason=reason, hung=hung)
    if rollout:
        platform.signals.notify(rollout.deployment_id)


async def is_live(platform: Platform, deployment_id: str, instance: str) -> bool:
    """Whether it is still one that gets requests, and not about to be replaced."""
    async with platform.database.read() as tx:
        return await _live(tx, deployment_id, instance) is not None


async def _live(tx: Tx, deployment_id: str, instance: str) -> StoredRollout | None:
    found = await rollouts.find(tx, deployment_id)
    if found is None or found.state != "live" or instance in found.parked:
        return None
    return found
