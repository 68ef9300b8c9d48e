"""Volumes of a service's instances: given to them when they start, and put into the bin when no instance has them any more.

A volume's place is a name, a process type and an ordinal, whatever the release: so `web.2` finds its data again.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from shipway.domain.clock import now
from shipway.domain.log import Log
from shipway.domain.release import Release
from shipway.domain.service import ServiceSettings
from shipway.domain.volume import Place, places
from shipway.domain.workload import VolumeMount, Workload
from shipway.engines.engine import KeepsVolumes
from shipway.pipeline.platform import Platform
from shipway.store import deployments, releases, rollouts, services, volumes
from shipway.store.database import Tx
from shipway.store.volumes import StoredVolume


async def with_volumes(platform: Platform, release: Release, planned: Iterable[Workload]) -> tuple[Workload, ...]:
    """The same workloads with the volumes that they have as instances of `release`. A place without a volume gets a new
    one, noted before the engine makes it: so none is ever there that nobody knows of."""
    if not release.settings.volumes:
        return tuple(planned)
    async with platform.database.write() as tx:
        return tuple([replace(each, volumes=await _mounts(tx, release, each)) for each in planned])


async def _mounts(tx: Tx, release: Release, workload: Workload) -> tuple[VolumeMount, ...]:
    paths = {volume.name: volume.path for volume in release.settings.volumes}
    wanted = sorted(places(release.settings.volumes, [workload.name]))
    found = [await volumes.ensure(tx, release.service_id, place) for place in wanted]
    return tuple(VolumeMount(volume.id, paths[volume.place.name]) for volume in found)


async def out_of_the_bin(platform: Platform, release: Release, names: Collection[str], log: Log) -> None:
    """Who goes back wants what was there: of each place that these instances have and that no volume has, what was put
    into the bin last."""
    wanted = places(release.settings.volumes, names)
    if not wanted:
        return
    async with platform.database.write() as tx:
        for volume in restorable(await volumes.of_service(tx, release.service_id)):
            if volume.place in wanted:
                log(f"-----> Out of the bin: the volume {volume.place}")
                await volumes.put_back(tx, volume.id)


def restorable(known: Iterable[StoredVolume]) -> list[StoredVolume]:
    """Of each place that no volume has, what was put into the bin last. Takes them as `volumes.of_service` has them."""
    first: dict[Place, StoredVolume] = {}
    for volume in known:
        first.setdefault(volume.place, volume)
    return [volume for volume in first.values() if volume.binned_at]


async def bin_the_unused(platform: Platform, service_id: str, actor: str) -> tuple[Place, ...]:
    """Put volumes into the bin that nothing has any more: neither an instance of what is live, nor one that still stands.
    Returns their places.

    Level-based, and safe at any time. What was made or restored since the deployment went live that is live now waits
    for the next one; and while one is under way, or nothing is live, all stay where they are.
    """
    async with platform.database.write() as tx:
        unused = await _unused(tx, service_id)
        await volumes.put_into_bin(tx, [volume.id for volume in unused], actor)
    return tuple(volume.place for volume in unused)


async def _unused(tx: Tx, service_id: str) -> list[StoredVolume]:
    in_use = [volume for volume in await volumes.of_service(tx, service_id) if volume.binned_at is None]
    if not in_use or await deployments.unfinished(tx, service_id):
        return []
    service = await services.get(tx, service_id)
    if service.live_deployment_id is None:
        return []
    since = (await deployments.get(tx, service.live_deployment_id)).live_at
    standing = await rollouts.listed(tx, service_id)
    made = await releases.of_deployments(tx, [each.deployment_id for each in standing])
    had = {
        place
        for each in standing
        if each.deployment_id in made
        for place in places(made[each.deployment_id].settings.volumes, each.instances)
    }
    return [volume for volume in in_use if since and volume.placed_at < since and volume.place not in had]


async def empty_the_bin(platform: Platform) -> None:
    """Remove for good what has been in the bin for as long as the installation keeps it, and volumes of services that have
    been deleted. One that an instance still has stays for the next time. Raises `Unavailable`."""
    days = timedelta(days=platform.settings.volume_bin_days)
    async with platform.database.read() as tx:
        due = await volumes.due(tx, now() - days)
    for volume_id in due:
        await remove(platform, volume_id)


async def remove(platform: Platform, volume_id: str) -> bool:
    """Remove one with all that is in it, or, where an instance still has it, leave it to the janitor. False: it has been
    taken out of the bin meanwhile. Raises `Unavailable`; it is nobody's by then, and called again, it goes on."""
    async with platform.database.write() as tx:
        # First of all: a rollback in the same instant would start instances with a volume that is about to go.
        if not await volumes.condemn(tx, volume_id):
            return False
    engine = platform.engine
    if isinstance(engine, KeepsVolumes) and not await engine.remove_volume(volume_id):
        return True
    async with platform.database.write() as tx:
        await volumes.forget(tx, volume_id)
    return True


def kept_warm(settings: ServiceSettings, process: str) -> bool:
    """Whether instances of that type may stay started beside their successors: not when they have a volume."""
    return not any(volume.is_for(process) for volume in settings.volumes)
