"""clone: pin what was asked for to an exact revision, and have it here."""

from shipway.domain.artifacts import Checkout
from shipway.pipeline.context import Context


async def clone(ctx: Context) -> Checkout:
    """The revision this deployment is of. Raises `SourceFailed`."""
    platform = ctx.platform
    checkout = await platform.sources.resolve(ctx.service.source, ctx.deployment.revision, ctx.log)
    await platform.sources.ensure(checkout, platform.worktree(ctx.deployment.id), ctx.log)
    ctx.log(f"-----> {' · '.join(filter(None, (checkout.ref, checkout.short, checkout.subject)))}")
    return checkout
