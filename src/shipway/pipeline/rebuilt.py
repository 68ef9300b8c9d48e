"""What comes of an image that was built again: the release that had it, or a new one beside it (decision 23)."""

from dataclasses import replace

from shipway.builders.builder import EPOCH
from shipway.domain.artifacts import Image
from shipway.domain.build import Build
from shipway.domain.rebuild import Rebuild
from shipway.domain.release import Release
from shipway.pipeline.context import Context
from shipway.pipeline.derived import derived
from shipway.pipeline.snapshot import snapshot
from shipway.store import builds, deployments, releases
from shipway.store.database import Tx

#: Said where no base has moved.
_TIMED = (
    "Its files tell when they were built, unless the builder's cache still has them. Images that are the same each time: "
    f"`shipway config set --buildtime {EPOCH}=1700000000`"
)
_WRITTEN = "One of its steps writes or downloads something else than it did then"


async def create_rebuilt(ctx: Context, rebuild: Rebuild, image: Image) -> Release | None:
    """A new release of `image` where it is not the one that the release gone back to had; `None` where it is, as that one
    has it back and goes live itself. Either is recorded with the deployment and told in its log."""
    async with ctx.platform.database.write() as tx:
        base = await releases.get(tx, rebuild.release_id)
        reproduced = image.reference == base.image.reference
        ended = replace(rebuild, outcome="reproduced" if reproduced else "differs")
        await deployments.mark(tx, ctx.deployment.id, rebuild=ended)
        release = None if reproduced else await _beside(tx, ctx, base, image)
        why = await _why(tx, ctx, base)
    if release is None:
        ctx.log(f"-----> Rebuilt: reproduced. {rebuild.source} made the very image that v{base.number} had")
        return None
    ctx.log(f"!     Rebuilt: differs. {rebuild.source} made another image than v{base.number} had")
    for line in why:
        ctx.log(f"       {line}")
    config = "today's config" if ctx.deployment.image_from else f"the config of v{base.number}"
    ctx.log(f"-----> Release v{release.number}: {image.label}, rebuilt, with {config}")
    return release


async def _beside(tx: Tx, ctx: Context, base: Release, image: Image) -> Release:
    """Like `base`, or derived from it with today's config, but for the image. `base` stays what it was."""
    wanted, origin = base, ctx.deployment.image_from
    if origin:
        wanted = derived(ctx.service, base, origin, await snapshot(tx, ctx.service), number=0)
    made = replace(wanted, image=image, commit=image.revision, derived_from=base.number, image_from=None, rebuilt=True)
    release = await releases.ensure_like(tx, ctx.service.id, ctx.deployment.id, made)
    await deployments.mark(tx, ctx.deployment.id, release_id=release.id)
    return release


async def _why(tx: Tx, ctx: Context, base: Release) -> list[str]:
    """What most often makes another image of the same code: bases whose tags lead elsewhere by now, else what steps write."""
    now = await builds.of_deployment(tx, ctx.deployment.id)
    then = await builds.by_number(tx, ctx.service.id, base.image.build)
    if now is None:
        return []
    before, after = _bases(then[0]) if then else {}, _bases(now[0])
    moved = [
        f"{name} was {before[name][:19]} then and is {digest[:19]} now"
        for name, digest in after.items()
        if before.get(name, digest) != digest
    ]
    return moved or [_WRITTEN if EPOCH in now[0].arguments else _TIMED]


def _bases(build: Build) -> dict[str, str]:
    return {each.reference: each.digest for each in build.bases}
