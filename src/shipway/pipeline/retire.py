"""Taking instances out of service: wait for their requests, then stop them, then forget them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from shipway.domain.clock import now
from shipway.domain.process import WEB
from shipway.domain.service import ServiceSettings
from shipway.domain.traffic import Traffic
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.pipeline.situation import process_of
from shipway.pipeline.together import together
from shipway.store import rollouts
from shipway.store.rollouts import StoredRollout

#: Seconds between SIGTERM and SIGKILL, by the instance's name.
Grace = Callable[[str], float]

#: Seconds between two looks at the proxy's counters.
_LOOK = 0.1


def by_settings(settings: ServiceSettings) -> Grace:
    """As the service says for each process type."""
    return lambda name: settings.grace_of(process_of(name))


async def drain(platform: Platform, origin: str, timeout: float) -> tuple[int, Traffic | None]:
    """Wait until a set that gets no new requests has none in flight, at most `timeout` seconds.

    Returns how many were in flight at first, and what the proxy has counted by the end: what is in flight then is to be
    cut. `None`: the proxy does not have it any more.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    counted = await _counted(platform, origin)
    first = counted.in_flight if counted else 0
    while counted and counted.in_flight and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_LOOK)
        counted = await _counted(platform, origin)
    return max(first, counted.in_flight if counted else 0), counted


async def drain_some(platform: Platform, origin: str, timeout: float) -> int:
    """The same for instances that have left a set which goes on getting requests. Returns how many are to be cut."""
    deadline = asyncio.get_running_loop().time() + timeout
    while (counted := await _counted(platform, origin)) and counted.leaving:
        if asyncio.get_running_loop().time() >= deadline:
            return counted.leaving
        await asyncio.sleep(_LOOK)
    return 0


async def rest(platform: Platform, rollout: StoredRollout, seconds: float, grace: Grace) -> None:
    """Keep a drained deployment's `web` instances started for so long, without requests, for an undo; stop the others."""
    web = [target.name for target in rollout.targets]
    others = [name for name in rollout.instances if process_of(name) != WEB]
    await together(platform.engine.stop(name, grace(name)) for name in others)
    async with platform.database.write() as tx:
        await rollouts.keep_warm(tx, rollout.deployment_id, web, now() + timedelta(seconds=seconds))
    platform.signals.notify(topics.STANDBY)


async def retire(platform: Platform, deployment_id: str, grace: Grace) -> None:
    """Stop and remove a deployment's instances (SIGTERM, so many seconds, SIGKILL) and take them out of the proxy.

    An instance is the deployment's that names it in its rollout, and where none does, the one's that started it. So what
    was taken over stays.
    """
    started = {each.name for each in await platform.engine.instances(deployment=deployment_id)}
    async with platform.database.write() as tx:
        # Said first and read second: whoever takes it over in the same instant has either done so by then, or can't.
        await rollouts.set_state(tx, deployment_id, "retiring")
        known = {each.deployment_id: each for each in await rollouts.listed(tx)}
    named = {name for each in known.values() if each.deployment_id != deployment_id for name in each.instances}
    own = set(known[deployment_id].instances) if deployment_id in known else set()
    await together(platform.engine.stop(name, grace(name)) for name in sorted((own | started) - named))
    async with platform.database.write() as tx:
        await rollouts.remove(tx, deployment_id)
    await platform.routes.reconcile()


async def _counted(platform: Platform, origin: str) -> Traffic | None:
    return (await platform.routes.traffic()).get(origin)
