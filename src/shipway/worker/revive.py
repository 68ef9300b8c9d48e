"""Everything that was live runs again: after a reboot, after `shipway down --all`, after somebody removed a container."""

from shipway.pipeline.platform import Platform
from shipway.pipeline.standing import stand
from shipway.store import rollouts
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
        if missing := set(rollout.instances) - set(rollout.parked) - up:
            # One service that can't run must not keep the others down.
            with contained("revive"):
                print(f"starting again: {', '.join(sorted(missing))}", flush=True)
                await stand(platform, rollout, missing)
