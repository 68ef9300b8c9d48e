"""analyze: what will be built, how it is started, on which port, and by which evidence."""

import asyncio
from functools import partial

from shipway.builders.analysis import analyze as analyze_tree
from shipway.builders.analysis import explain
from shipway.domain.artifacts import Analysis, Checkout
from shipway.pipeline.context import Context


async def analyze(ctx: Context, checkout: Checkout) -> Analysis:
    """Read the source tree. Raises `AnalysisFailed` or `BuildFailed` (`dockerfile-error`)."""
    platform = ctx.platform
    directory = await platform.sources.ensure(checkout, platform.worktree(ctx.deployment.id), ctx.log)
    await platform.bases.decide()
    # Caches of package managers are a workspace's own: a shared one could be poisoned by another tenant.
    look = partial(analyze_tree, cache_prefix=ctx.service.workspace_id)
    analysis = await asyncio.to_thread(look, directory, ctx.service.settings, platform.bases.resolve)
    for line in explain(analysis):
        ctx.log(line)
    return analysis
