"""Taking instances out of service: wait for their requests, then stop them, then forget them."""

import asyncio

from shipway.pipeline.platform import Platform
from shipway.pipeline.together import together
from shipway.store import rollouts

#: Seconds between two looks at the proxy's counters.
_LOOK = 0.1


async def drain(platform: Platform, deployment_id: str, timeout: float) -> tuple[int, int]:
    """Wait until a set that gets no new requests has none in flight, at most `timeout` seconds.

    Returns how many were in flight at first, and how many are left, to be cut.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    first = left = await _in_flight(platform, deployment_id)
    while left and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_LOOK)
        left = await _in_flight(platform, deployment_id)
    return max(first, left), left


async def retire(platform: Platform, deployment_id: str, grace: float) -> None:
    """Stop and remove a deployment's instances (SIGTERM, `grace` seconds, SIGKILL) and take them out of the proxy."""
    instances = await platform.engine.instances(deployment=deployment_id)
    await together(platform.engine.stop(instance.name, grace) for instance in instances)
    async with platform.database.write() as tx:
        await rollouts.remove(tx, deployment_id)
    await platform.routes.reconcile()


async def _in_flight(platform: Platform, deployment_id: str) -> int:
    traffic = (await platform.routes.traffic()).get(deployment_id)
    return traffic.in_flight if traffic else 0
