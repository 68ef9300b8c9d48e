"""Taking instances out of service: wait for their requests, then stop them, then forget them."""

import asyncio

from shipway.domain.traffic import Traffic
from shipway.pipeline.platform import Platform
from shipway.pipeline.together import together
from shipway.store import rollouts

#: Seconds between two looks at the proxy's counters.
_LOOK = 0.1


async def drain(platform: Platform, deployment_id: str, timeout: float) -> tuple[int, Traffic | None]:
    """Wait until a set that gets no new requests has none in flight, at most `timeout` seconds.

    Returns how many were in flight at first, and what the proxy has counted by the end: what is in flight then is to be
    cut. `None`: the proxy does not have it any more.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    counted = await _counted(platform, deployment_id)
    first = counted.in_flight if counted else 0
    while counted and counted.in_flight and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_LOOK)
        counted = await _counted(platform, deployment_id)
    return max(first, counted.in_flight if counted else 0), counted


async def retire(platform: Platform, deployment_id: str, grace: float) -> None:
    """Stop and remove a deployment's instances (SIGTERM, `grace` seconds, SIGKILL) and take them out of the proxy."""
    instances = await platform.engine.instances(deployment=deployment_id)
    await together(platform.engine.stop(instance.name, grace) for instance in instances)
    async with platform.database.write() as tx:
        await rollouts.remove(tx, deployment_id)
    await platform.routes.reconcile()


async def _counted(platform: Platform, deployment_id: str) -> Traffic | None:
    return (await platform.routes.traffic()).get(deployment_id)
