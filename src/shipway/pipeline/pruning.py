"""Pruning: images that the retention lets go leave the registry and the engine (S4.3). Their releases stay.

First the store says that nothing may be started from an image any more, in the transaction that decided so; then it is
removed. Whoever asks for a rollback in between is told, and a crash leaves an image that the next prune finds given up and
still there. Nothing is pushed into a repository meanwhile: a build may well make the very image again that is just removed.
"""

from collections.abc import Sequence

from shipway.domain.artifacts import Image
from shipway.domain.clock import now
from shipway.domain.errors import NotFound, ShipwayError
from shipway.domain.retention import KnownImage, Retention, Verdict, decide
from shipway.domain.service import Service
from shipway.engines.engine import KeepsImages
from shipway.pipeline.context import Context
from shipway.pipeline.images import image_name
from shipway.pipeline.platform import Platform
from shipway.pipeline.retention import is_left_over, known_images, names_in_use
from shipway.settings import Settings
from shipway.store import images, release_marks


def retention_of(settings: Settings, keep: int | None = None) -> Retention:
    """The installation's, or with another number to keep."""
    return Retention(settings.retention if keep is None else keep, settings.retention_days)


async def judged(platform: Platform, service: Service, retention: Retention) -> tuple[Verdict, ...]:
    """What would become of each image of the service. Nothing changes. Raises `Unavailable`."""
    meanings = await _meanings(platform, service)
    async with platform.database.read() as tx:
        known = await known_images(tx, service, _repository(platform, service), meanings)
    return decide(known, retention, now())


async def prune(platform: Platform, service: Service, retention: Retention) -> tuple[Verdict, ...]:
    """Remove those that go; what was decided of each. Raises `Unavailable`: what was not removed yet is by the next call."""
    async with platform.registry.held(service.path.workspace, image_name(service.path)):
        meanings = await _meanings(platform, service)
        async with platform.database.write() as tx:
            known = await known_images(tx, service, _repository(platform, service), meanings)
            verdicts = decide(known, retention, now())
            going = [each.image for each in verdicts if each.fate == "goes"]
            await release_marks.give_up(tx, [each.reference for each in going])
        for image in going:
            await _remove(platform, service, image)
    return verdicts


async def prune_deleted(platform: Platform, service: Service) -> None:
    """Remove the images of a service that is being deleted, but for those of which a service that stays has a release. Of
    those that it has from services that were deleted before it, it is the last one to know. Raises `Unavailable`; safe to
    repeat."""
    await prune(platform, service, Retention(ended=True))
    async with platform.database.read() as tx:
        found = await images.of_releases(tx, service.id)
    for image in found:
        await _prune_left_over(platform, service, image)


async def _prune_left_over(platform: Platform, service: Service, image: Image) -> None:
    workspace = service.path.workspace
    repository = image.reference.partition("@")[0]
    name = repository.removeprefix(platform.registry.repository(workspace, ""))
    async with platform.registry.held(workspace, name):
        async with platform.database.write() as tx:
            if not await is_left_over(tx, service, image, f"{workspace}/{name}", repository):
                return
            await release_marks.give_up(tx, [image.reference])
        await _delete(platform, workspace, name, image.reference, [f"v{image.build}"])


async def prune_after(ctx: Context) -> None:
    """What a deployment does about images when it is live and done. It never fails by it."""
    retention = retention_of(ctx.platform.settings)
    if not retention.limited:
        return
    try:
        verdicts = await prune(ctx.platform, ctx.service, retention)
    except ShipwayError as error:
        ctx.log(f"!     Old images stay until the next deployment: {error.message}")
        return
    if gone := [each.image.label for each in verdicts if each.fate == "goes"]:
        ctx.log(f"-----> Pruned the images {', '.join(gone)}; their releases stay")


async def _remove(platform: Platform, service: Service, image: KnownImage) -> None:
    tags = [f"v{number}" for number in image.builds]
    await _delete(platform, service.path.workspace, image_name(service.path), image.reference, tags)
    async with platform.database.write() as tx:
        await images.removed(tx, service.id, image.digest)


async def _delete(platform: Platform, workspace: str, name: str, reference: str, tags: Sequence[str]) -> None:
    await platform.registry.delete(workspace, name, reference.partition("@")[2], tags)
    if isinstance(platform.engine, KeepsImages):
        await platform.engine.remove_image(reference)


async def _meanings(platform: Platform, service: Service) -> dict[str, str]:
    """The image behind each name that is in use; none behind one that leads nowhere."""
    async with platform.database.read() as tx:
        names = await names_in_use(tx, service, _repository(platform, service))
    return {name: await _meaning(platform, service, name) for name in names}


async def _meaning(platform: Platform, service: Service, name: str) -> str:
    try:
        return (await platform.registry.stored(service.path.workspace, image_name(service.path), name)).digest
    except NotFound:
        return ""


def _repository(platform: Platform, service: Service) -> str:
    return platform.registry.repository(service.path.workspace, image_name(service.path))
