"""The builder's own copy of a built image: needed from `build` to `push`, and no longer."""

from contextlib import suppress

from shipway.domain.errors import Unavailable
from shipway.pipeline.context import Context
from shipway.store import builds


def local_tag(ctx: Context, number: int) -> str:
    """What the builder knows build `number` of this service by."""
    return f"{ctx.platform.settings.installation}-build/{ctx.path}:v{number}"


async def let_go(ctx: Context) -> None:
    """Drop this deployment's, if it built one: the registry has it, or nobody needs it. Caches stay.

    A builder that is gone keeps it until its cache is pruned.
    """
    async with ctx.platform.database.read() as tx:
        found = await builds.of_deployment(tx, ctx.deployment.id)
    if found:
        with suppress(Unavailable):
            tag = local_tag(ctx, found[0].number)
            await ctx.platform.builder.discard(tag, workspace=ctx.service.workspace_id)
