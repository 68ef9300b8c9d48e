"""The images of a service's releases: which stay and which go, and that one is to stay (S4.3)."""

from shipway.domain.errors import ImagePruned, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.retention import Verdict
from shipway.domain.source import GitSource, PushSource
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline import pruning
from shipway.pipeline.platform import Platform
from shipway.store import release_marks, releases, services
from shipway.store.database import Tx


async def explain_images(
    platform: Platform, actor: Actor, path: ServicePath, *, keep: int | None = None
) -> tuple[Verdict, ...]:
    """Of each image, newest first, whether it stays and why; with another number to keep than the installation's."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
    return await pruning.judged(platform, service, pruning.retention_of(platform.settings, keep))


async def prune_images(
    platform: Platform, actor: Actor, path: ServicePath, *, keep: int | None = None
) -> tuple[Verdict, ...]:
    """Remove those that go; what was decided of each. Raises `Unavailable`, and what was begun then is done by the next."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
    return await pruning.prune(platform, service, pruning.retention_of(platform.settings, keep))


async def pin_release(platform: Platform, actor: Actor, path: ServicePath, number: int, *, pinned: bool) -> None:
    """Have a release's image stay whatever the retention says, or no longer. Raises `NotFound`, and `ImagePruned` where there
    is nothing left to keep."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        release = await releases.by_number(tx, service.id, number)
        if release is None:
            raise NotFound(f"{path} has no release v{number}.", hint=f"`shipway releases {path}` lists them.")
        if pinned:
            await refuse_pruned(tx, release.id)
        await release_marks.pin(tx, release.id, pinned=pinned)


async def refuse_pruned(tx: Tx, release_id: str, why: str = "") -> None:
    """Raises `ImagePruned`, with how to get the same code live, where a release's image is gone. `why`: what keeps it from
    being built again."""
    pruned_at = (await release_marks.of(tx, [release_id]))[release_id].pruned_at
    release = await releases.find(tx, release_id) if pruned_at else None
    if release is None or pruned_at is None:
        return
    service = await services.get(tx, release.service_id)
    by_commit = isinstance(service.source, (GitSource, PushSource)) and release.commit and not why
    ref = f" --ref {release.commit}" if by_commit else ""
    lost = f"it can't be built again: {why}" if why else "nothing of it can be started"
    raise ImagePruned(
        f"The image of v{release.number} of {service.path} was pruned on {pruned_at:%Y-%m-%d}, and {lost}.",
        hint=f"Deploy {'what the source has' if why else 'its code anew'}, with today's config: "
        f"`shipway services deploy {service.path}{ref}`. `shipway releases {service.path}` says which images are there.",
    )
