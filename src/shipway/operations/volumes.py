"""Volumes: which a service has, what is in use and what is in the bin, and the ways between the two."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipway.domain.errors import Conflict, NotFound, Unavailable
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.domain.settings_rules import check_settings
from shipway.domain.volume import Place, Volume
from shipway.engines.engine import KeepsVolumes
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.pipeline.volumes import remove
from shipway.store import services, volumes
from shipway.store.database import Tx
from shipway.store.volumes import StoredVolume


@dataclass(frozen=True, slots=True)
class VolumeView:
    """One volume with data, or about to have some."""

    stored: StoredVolume
    #: `None`: the engine has not made it yet, or can't say.
    size: int | None = None
    #: When one in the bin is removed.
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceVolumes:
    """All of a service's."""

    #: As its settings have them: what its next release names.
    declared: tuple[Volume, ...]
    #: By place; of one place, that in use first.
    volumes: tuple[VolumeView, ...]


async def list_volumes(platform: Platform, actor: Actor, path: ServicePath, *, sizes: bool = True) -> ServiceVolumes:
    """What a service has. Sizes are asked of the engine, which may take seconds; they are missing where it is away."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        known = await volumes.of_service(tx, service.id)
    measured = await volume_sizes(platform) if sizes and known else {}
    kept = timedelta(days=platform.settings.volume_bin_days)
    views = (
        VolumeView(each, measured.get(each.id), each.binned_at + kept if each.binned_at else None) for each in known
    )
    return ServiceVolumes(service.settings.volumes, tuple(views))


async def add_volume(platform: Platform, actor: Actor, path: ServicePath, volume: Volume) -> Service:
    """Give a service one more, empty, from the next deployment on; or have one that it has elsewhere or for other process
    types. Raises `Invalid` for a name or path that can't be, `Conflict` with another volume."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        others = tuple(each for each in service.settings.volumes if each.name != volume.name)
        return await _declare(tx, service, (*others, volume))


async def remove_volume(platform: Platform, actor: Actor, path: ServicePath, name: str) -> Service:
    """Have a service's next release do without. What is in it goes into the bin when that is live."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        others = tuple(each for each in service.settings.volumes if each.name != name)
        if len(others) == len(service.settings.volumes):
            raise NotFound(f"{path} has no volume {name!r}.", hint="`shipway volumes` lists what it has.")
        return await _declare(tx, service, others)


async def restore_volume(platform: Platform, actor: Actor, path: ServicePath, volume_id: str) -> StoredVolume:
    """Take one out of the bin: the next instance that starts at its place has it. Raises `Conflict` when another volume
    has the place, or when it is not in the bin."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        volume = await _binned(tx, service, volume_id)
        if any(each.binned_at is None and each.place == volume.place for each in await _all(tx, service)):
            raise Conflict(
                f"Another volume is {volume.place} by now.",
                hint=f"Scale {volume.place.process} below {volume.place.ordinal}: that puts it into the bin. Restore then.",
            )
        await volumes.put_back(tx, volume.id)
        return next(each for each in await _all(tx, service) if each.id == volume.id)


async def purge_volume(platform: Platform, actor: Actor, path: ServicePath, volume_id: str) -> None:
    """Remove one that is in the bin now, with all that is in it, for good. Raises `Conflict` for one that is in use."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        volume = await _binned(tx, service, volume_id)
    if not await remove(platform, volume.id):
        raise Conflict(
            f"{volume.place} has just been taken out of the bin.", hint="`shipway volumes` lists what is there."
        )


async def would_bin(tx: Tx, service: Service, counts: dict[str, int]) -> list[Place]:
    """Volumes that so many instances of each process type leave without one."""
    known = (each.place for each in await _all(tx, service) if each.binned_at is None)
    return [place for place in known if place.ordinal > counts.get(place.process, place.ordinal)]


async def _declare(tx: Tx, service: Service, declared: tuple[Volume, ...]) -> Service:
    changed = replace(service.settings, volumes=tuple(sorted(declared, key=lambda each: each.name)))
    check_settings(service.settings, changed)
    await services.change(tx, service.id, settings=changed)
    return await services.get(tx, service.id)


async def _binned(tx: Tx, service: Service, volume_id: str) -> StoredVolume:
    found = next((each for each in await _all(tx, service) if each.id == volume_id), None)
    if found is None:
        raise NotFound(f"{service.path} has no volume {volume_id!r}.", hint="`shipway volumes` lists what it has.")
    if found.binned_at is None:
        raise Conflict(
            f"{found.place} is not in the bin.",
            hint="What no instance has any more goes there: scale down, or remove the volume and deploy.",
        )
    return found


async def _all(tx: Tx, service: Service) -> list[StoredVolume]:
    return await volumes.of_service(tx, service.id)


async def volume_sizes(platform: Platform) -> dict[str, int]:
    """Bytes by volume, as far as the engine can say, which may take seconds."""
    engine = platform.engine
    if not isinstance(engine, KeepsVolumes):
        return {}
    try:
        return dict(await engine.volume_sizes())
    except Unavailable:
        return {}
