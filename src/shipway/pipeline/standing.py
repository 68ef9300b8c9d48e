"""Instances that are to stand: started again, stopped for their successors, brought back."""

from collections.abc import Collection

from shipway.domain.artifacts import Target
from shipway.domain.deployment import Deployment
from shipway.domain.process import WEB
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.pipeline.delivery import delivery
from shipway.pipeline.files import ensure_files
from shipway.pipeline.platform import Platform
from shipway.pipeline.retire import drain, drain_some
from shipway.pipeline.situation import process_of, started_by
from shipway.pipeline.together import together
from shipway.pipeline.volumes import with_volumes
from shipway.pipeline.workloads import same_workloads
from shipway.store import deployments, releases, rollouts, services
from shipway.store.database import Tx
from shipway.store.rollouts import StoredRollout


async def stand(platform: Platform, rollout: StoredRollout, names: Collection[str]) -> None:
    """Make sure that these instances of a live deployment run and are restarted by the engine itself from now on, also
    while Shipway is down and after a reboot; and record where they are now. The router is not told."""
    async with platform.database.read() as tx:
        service = await services.get(tx, rollout.service_id)
        release = await releases.get(tx, (await deployments.get(tx, rollout.deployment_id)).release_id or "")
        starters = await _starters(tx, service, names)
    await ensure_files(platform, service, release, names)
    planned = [
        workload
        for starter, begun_as in starters
        for workload in same_workloads(
            service,
            starter,
            begun_as,
            platform.settings,
            await delivery(platform, begun_as),
            names=names,
            restart=True,
        )
    ]
    mounted = await with_volumes(platform, release, tuple(planned))
    started = await together(platform.engine.start(workload) for workload in mounted)
    found = [Target(each.name, each.address, release.port) for each in started if process_of(each.name) == WEB]
    targets = {target.name: target for target in (*rollout.targets, *found)}
    async with platform.database.write() as tx:
        await rollouts.readdress(tx, rollout.deployment_id, tuple(targets[name] for name in sorted(targets)))


async def _starters(tx: Tx, service: Service, names: Collection[str]) -> list[tuple[Deployment, Release]]:
    """The deployments that started instances of these names, and as which release; since then it may have become another
    that differs in config files only (decision 20)."""
    found = [await deployments.by_number(tx, service.id, number) for number in sorted(set(map(started_by, names)))]
    return [(each, await releases.get(tx, each.release_id)) for each in found if each and each.release_id]


async def park(platform: Platform, rollout: StoredRollout, names: Collection[str]) -> int:
    """Stop instances of the live deployment so that their successors can start. From here on nothing revives them but
    `unpark`. Their requests in flight may end; where no `web` instance is left, the route answers 503 with Retry-After.
    Returns how many were cut when the drain timeout was over."""
    async with platform.database.write() as tx:
        service = await services.get(tx, rollout.service_id)
        await rollouts.park(tx, rollout.deployment_id, {*rollout.parked, *names})
    await platform.routes.reconcile()
    cut = 0
    if any(process_of(name) == WEB for name in names):
        cut = await _drained(platform, rollout, names, service.settings.drain_timeout)
    await together(platform.engine.stop(name, service.settings.grace_of(process_of(name))) for name in names)
    left = tuple(target for target in rollout.targets if target.name not in set(names))
    async with platform.database.write() as tx:
        await rollouts.readdress(tx, rollout.deployment_id, left)
    await platform.routes.reconcile()
    return cut


async def _drained(platform: Platform, rollout: StoredRollout, names: Collection[str], timeout: float) -> int:
    if any(target.name not in {*names, *rollout.parked} for target in rollout.targets):
        return await drain_some(platform, rollout.origin, timeout)
    _, counted = await drain(platform, rollout.origin, timeout)
    return counted.in_flight if counted else 0


async def unpark(platform: Platform, rollout: StoredRollout) -> None:
    """Bring back what was stopped for successors that failed. While others of it serve, it gets requests as soon as the
    watchman has seen that it is ready."""
    await stand(platform, rollout, rollout.parked)
    async with platform.database.write() as tx:
        current = await rollouts.find(tx, rollout.deployment_id)
        unready = {*(current.unready if current else ()), *(each for each in rollout.parked if process_of(each) == WEB)}
        await rollouts.set_unready(tx, rollout.deployment_id, unready)
        await rollouts.park(tx, rollout.deployment_id, ())
    await platform.routes.reconcile()
