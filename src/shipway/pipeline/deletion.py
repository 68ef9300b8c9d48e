"""Carrying out what somebody decided to delete: level-based, from the marks in the store, and safe to be cut short anywhere.

A row goes after all that it had: so whatever is left of something at whatever instant is known by its row, and found again.
"""

import asyncio
import shutil

from shipway.domain.clock import now
from shipway.domain.secret import SecretHome
from shipway.domain.service import Service
from shipway.pipeline import topics
from shipway.pipeline.files import sweep_files
from shipway.pipeline.one_offs import end_one_offs
from shipway.pipeline.platform import Platform
from shipway.pipeline.pruning import prune_deleted
from shipway.pipeline.retire import by_settings
from shipway.pipeline.together import together
from shipway.pipeline.volumes import remove as remove_volume
from shipway.store import deletion, deployments, one_off_runs, queue, rollouts, services, volumes
from shipway.store.database import Tx
from shipway.store.deletion import Marked

#: Seconds between two looks at what is still under way, when no signal comes.
_LOOK = 1.0


async def delete(platform: Platform, marked: Marked) -> None:
    """Return when all of it is gone. Raises `Unavailable`; it is nobody's by then, and the janitor goes on with it."""
    await platform.routes.reconcile()
    with platform.signals.subscribe(topics.QUEUE) as news:
        while await carry_out(platform, marked):
            await news.wait(_LOOK)


async def carry_out(platform: Platform, wanted: Marked | None = None) -> bool:
    """Delete of what is marked (all, or what is wanted of it) whatever can be now; whether something is left: that of which
    a deployment has not ended yet. Raises `Unavailable`."""
    # One at a time: whoever comes late with a list of names must not meet what was made anew under one of them.
    async with platform.deleting:
        chosen = await _marked(platform, wanted)
        idle = [each for each in chosen.services if await _is_idle(platform, each)]
        await together(_remove_service(platform, each) for each in idle)
        if set(idle) == set(chosen.services):
            await _remove_above(platform, chosen)
        if idle:
            await platform.routes.reconcile()
            await sweep_files(platform)
    return bool(await _marked(platform, wanted))


async def _marked(platform: Platform, wanted: Marked | None) -> Marked:
    async with platform.database.read() as tx:
        known = await deletion.marked(tx)
    return known if wanted is None else wanted.among(known)


async def _is_idle(platform: Platform, service_id: str) -> bool:
    """Whether no deployment of it waits or is under way; those that are, are told to end."""
    async with platform.database.write() as tx:
        for waiting in await queue.queued(tx, service_id):
            await deployments.mark(tx, waiting, "cancelled", finished_at=now())
            await queue.done(tx, waiting)
        moving = [each.id for each in await deployments.unfinished(tx, service_id)]
        for each in moving:
            await deployments.mark(tx, each, cancel_requested=True)
        busy = service_id in await queue.busy_services(tx)
    for each in moving:
        platform.signals.notify(topics.cancel(each))
    return not busy


async def _remove_service(platform: Platform, service_id: str) -> None:
    """All of it, its row last."""
    async with platform.database.write() as tx:
        service = await services.get(tx, service_id)
        gone = [each.id for each in await deployments.of_service(tx, service_id, limit=1_000_000)]
        gone += [each.id for each in await one_off_runs.of_service(tx, service_id, limit=1_000_000)]
        await one_off_runs.finish_all(tx, service_id)
        await _let_nothing_revive(tx, service)
    await _stop(platform, service)
    async with platform.database.write() as tx:
        kept = await volumes.disown(tx, service_id)
    await together(remove_volume(platform, each) for each in kept)
    async with platform.database.read() as tx:
        beside = await services.listed(tx, environment_id=service.environment_id)
    if all(each.deleting for each in beside):
        # Of several that go at once, the one that was stopped last finds that nothing uses it any more.
        await platform.engine.remove_network(service.path.network)
    await platform.sources.forget(service_id)
    await prune_deleted(platform, service)
    for deployment_id in gone:
        for left in (platform.logs.directory(deployment_id), platform.workplace(deployment_id)):
            await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
    async with platform.database.write() as tx:
        await services.remove(tx, service_id)


async def _let_nothing_revive(tx: Tx, service: Service) -> None:
    """What is stopped would be started again by whoever sees that it is live."""
    await services.set_live(tx, service.id, None)
    for each in await rollouts.listed(tx, service.id):
        await rollouts.set_state(tx, each.deployment_id, "retiring")


async def _stop(platform: Platform, service: Service) -> None:
    grace = by_settings(service.settings)
    instances = await platform.engine.instances(service=service.id)
    await together(platform.engine.stop(each.name, grace(each.name)) for each in instances)
    await end_one_offs(platform, service.id)


async def _remove_above(platform: Platform, chosen: Marked) -> None:
    """Environments and projects in which nothing is left."""
    for environment_id in chosen.environments:
        async with platform.database.read() as tx:
            path = await deletion.path_of_environment(tx, environment_id)
            inside = await services.listed(tx, environment_id=environment_id)
        if path and not inside:
            await platform.engine.remove_network(path.network)
            await platform.vault.forget(SecretHome(environment_id, path))
            async with platform.database.write() as tx:
                await deletion.remove_environment(tx, environment_id)
    async with platform.database.write() as tx:
        for project_id in chosen.projects:
            await deletion.remove_project(tx, project_id)
