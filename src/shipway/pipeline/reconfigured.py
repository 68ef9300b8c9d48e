"""What is live, with all of today's config: no newer code, and no build unless the image would not follow (decision 25).

What is live is looked up when the deployment runs: the one before it in the queue may have changed that since it was asked for.
"""

from shipway.domain.errors import Conflict
from shipway.domain.origin import ImageOrigin
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.source import Revision
from shipway.pipeline.build_inputs import outdated
from shipway.pipeline.context import Context
from shipway.pipeline.derived import derived
from shipway.pipeline.revisions import revision_of
from shipway.pipeline.snapshot import snapshot
from shipway.store import deployments, journal, releases, services
from shipway.store.database import Tx


async def must_build(ctx: Context) -> bool:
    """Whether what is live has to be built again. Decided and recorded when the deployment begins, for good once its first
    step is: config that is changed after that is for the next one."""
    async with ctx.platform.database.write() as tx:
        begun = await journal.recorded(tx, ctx.deployment.id, "clone")
        if begun:
            return begun[0] != "skipped"
        live = await find_live(tx, ctx.service.id)
        names = await outdated(tx, ctx.service, live) if live else ()
        await deployments.mark(tx, ctx.deployment.id, built_for=names)
        return bool(names)


async def to_build(ctx: Context) -> Revision:
    """What is live, as the service's source knows it. Raises `Conflict` when it was not made of that."""
    async with ctx.platform.database.read() as tx:
        live = await _live(tx, ctx)
        names = (await deployments.get(tx, ctx.deployment.id)).built_for
    revision = rebuildable(ctx.service, live, names)
    ctx.log(f"-----> What is live, v{live.number}, is built again: its image has not today's {', '.join(names)}")
    return revision


def rebuildable(service: Service, live: Release, names: tuple[str, ...]) -> Revision:
    """The revision that `live` is built from again for inputs of these names. Raises `Conflict` where it can't be."""
    try:
        return revision_of(service, live)
    except Conflict as error:
        raise Conflict(
            f"The image of v{live.number}, which is live, was built with other inputs than {service.path} has today: "
            f"{', '.join(names)}. It can't be built again: it was not made of what the service is deployed from.",
            hint="Set them to what they were, promote a release that was built with them, or deploy what the source has: "
            f"`shipway services deploy {service.path}`.",
        ) from error


async def create_reconfigured(ctx: Context) -> Release:
    """The release that is live, derived anew from today's config: a new one, unless that would be the same. Raises
    `Conflict` where the image would not follow by now, and what `snapshot` raises."""
    async with ctx.platform.database.write() as tx:
        release = await releases.made_by(tx, ctx.deployment.id) or await _made(tx, ctx)
        await deployments.mark(tx, ctx.deployment.id, release_id=release.id)
        new = await releases.made_by(tx, ctx.deployment.id)
    told = f"v{release.derived_from}, which is live, with" if new else f"v{release.number}, which is live, has"
    ctx.log(f"-----> {told} today's config")
    return release


async def _made(tx: Tx, ctx: Context) -> Release:
    live = await _live(tx, ctx)
    if names := await outdated(tx, ctx.service, live):
        raise Conflict(
            f"What builds are given has changed while d{ctx.deployment.number} was under way: {', '.join(names)}.",
            hint="Try again, and what is live is built with it: `shipway retry`.",
        )
    wanted = await reconfigured(tx, ctx.service, live)
    if wanted.id:
        return wanted
    return await releases.ensure_like(tx, ctx.service.id, ctx.deployment.id, wanted)


async def reconfigured(tx: Tx, service: Service, live: Release, *, number: int = 0) -> Release:
    """One to be made, without an id; or `live` itself where all of today's config is in it. With a secret that is looked up
    at each start that is never so: who asks for today's config wants its value of today."""
    origin = ImageOrigin(live.id, str(service.path), live.number)
    wanted = derived(service, live, origin, await snapshot(tx, service), number=number)
    return live if wanted.holds_the_same(live) and wanted.given.reproducible else wanted


async def _live(tx: Tx, ctx: Context) -> Release:
    live = await find_live(tx, ctx.service.id)
    if live is None:
        raise Conflict(f"{ctx.path} has nothing live any more.", hint="Deploy it: `shipway deploy`.")
    return live


async def find_live(tx: Tx, service_id: str) -> Release | None:
    """The release that has the traffic."""
    live_id = (await services.get(tx, service_id)).live_deployment_id
    return await releases.get(tx, (await deployments.get(tx, live_id)).release_id or "") if live_id else None
