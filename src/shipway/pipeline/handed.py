"""Values of secrets that nobody keeps any more, and instances still have: they can say them for as long as they are there."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping

from shipway.domain.release import Release
from shipway.domain.secret import SecretHome, secret_reference
from shipway.domain.workload import Handed, Instance
from shipway.engines.engine import TellsWhatItHanded
from shipway.pipeline.platform import Platform
from shipway.store import releases, secrets, services


async def still_handed(platform: Platform, home: SecretHome) -> list[str]:
    """What instances of an environment were started with of secrets that had more versions than there are values of: they
    were revoked or deleted since. Asked of the engine, and kept nowhere. Ask it after the vault: what is revoked in between is
    found here. Costs one look into the store where nothing ever was. Raises `Unavailable`."""
    if not isinstance(platform.engine, TellsWhatItHanded):
        return []
    async with platform.database.read() as tx:
        erased = await secrets.erased(tx, home.environment_id)
        near = [each.id for each in await services.listed(tx, environment_id=home.environment_id)] if erased else []
    found: list[str] = []
    async for instance, release in _released(platform, near):
        if _names(release) & erased and (handed := await platform.engine.handed(instance.name)):
            found += _values(release, handed, erased)
    return found


async def _released(platform: Platform, near: Collection[str]) -> AsyncIterator[tuple[Instance, Release]]:
    """All instances of services, with what each of them was started as."""
    for service_id in near:
        for instance in await platform.engine.instances(service=service_id):
            async with platform.database.read() as tx:
                release = await releases.by_number(tx, service_id, instance.owner.release)
            if release:
                yield instance, release


def _names(release: Release) -> set[str]:
    given = release.given
    return {secret_reference(text).name for text in (*given.secrets.values(), *given.secret_files.values())}


def _values(release: Release, handed: Handed, erased: Collection[str]) -> Iterator[str]:
    yield from _of(release.given.secrets, handed.environment, erased)
    yield from _of(release.given.secret_files, handed.secret_files, erased)


def _of(references: Mapping[str, str], values: Mapping[str, str], erased: Collection[str]) -> Iterator[str]:
    for name, text in references.items():
        if secret_reference(text).name in erased and name in values:
            yield values[name]
