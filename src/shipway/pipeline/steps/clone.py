"""clone: pin what was asked for to an exact revision, and have it here."""

from dataclasses import replace

from shipway.domain.artifacts import Checkout
from shipway.domain.source import GitSource, PushSource, Source
from shipway.pipeline.context import Context
from shipway.pipeline.pushed import pushed_source
from shipway.pipeline.reconfigured import to_build
from shipway.store import tenancy


async def clone(ctx: Context) -> Checkout:
    """The revision this deployment is of. Raises `SourceFailed`."""
    platform = ctx.platform
    checkout = await _checkout(ctx)
    await platform.sources.ensure(checkout, platform.worktree(ctx.deployment.id), ctx.log)
    ctx.log(f"-----> {' · '.join(filter(None, (checkout.ref, checkout.short, checkout.subject)))}")
    return checkout


async def _checkout(ctx: Context) -> Checkout:
    if rebuild := ctx.deployment.rebuild:
        ctx.log(f"-----> The image of v{rebuild.number} was pruned: built again from {rebuild.source}")
        return rebuild.checkout
    revision = await to_build(ctx) if ctx.deployment.action == "reconfigure" else ctx.deployment.revision
    return await ctx.platform.sources.resolve(await _source(ctx), revision, ctx.log)


async def _source(ctx: Context) -> Source:
    """A repository of which the service names no branch is taken at its environment's."""
    source = ctx.service.source
    if isinstance(source, PushSource):
        async with ctx.platform.database.read() as tx:
            return await pushed_source(tx, ctx.service, source)
    if not isinstance(source, GitSource) or source.ref:
        return source
    async with ctx.platform.database.read() as tx:
        return replace(source, ref=await tenancy.branch_of(tx, ctx.service.environment_id))
