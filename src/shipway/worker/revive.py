"""Everything that was live runs again: after a reboot, after `shipway down --all`, after somebody removed a container."""

from dataclasses import replace

from shipway.pipeline.platform import Platform
from shipway.pipeline.together import together
from shipway.pipeline.workloads import same_workloads
from shipway.store import deployments, releases, rollouts, services
from shipway.store.rollouts import StoredRollout
from shipway.worker.contained import contained


async def revive(platform: Platform) -> None:
    """Start every instance of a live deployment that is not there or has exited. Raises `Unavailable` when the engine
    does not answer at all; a service that can't be started is left for the next round.

    The router is not told: `Routes.reconcile` comes after.
    """
    up = {each.name for each in await platform.engine.instances() if each.state != "exited"}
    async with platform.database.read() as tx:
        live = await rollouts.live(tx)
    for rollout in live:
        if missing := set(rollout.instances) - up:
            # One service that can't run must not keep the others down.
            with contained("revive"):
                await _revive(platform, rollout, missing)


async def _revive(platform: Platform, rollout: StoredRollout, missing: set[str]) -> None:
    async with platform.database.read() as tx:
        service = await services.get(tx, rollout.service_id)
        deployment = await deployments.get(tx, rollout.deployment_id)
        release = await releases.get(tx, deployment.release_id or "")
    print(f"starting again: {', '.join(sorted(missing))}", flush=True)
    planned = same_workloads(service, deployment, release, platform.settings, rollout.instances)
    started = await together(platform.engine.start(each) for each in planned if each.name in missing)
    addresses = {instance.name: instance.address for instance in started}
    targets = tuple(replace(each, address=addresses.get(each.name, each.address)) for each in rollout.targets)
    async with platform.database.write() as tx:
        await rollouts.readdress(tx, rollout.deployment_id, targets)
