"""analyze: what will be built, how it is started, on which port, and by which evidence."""

import asyncio
from functools import partial

from shipway.builders.analysis import analyze as analyze_tree
from shipway.builders.analysis import explain
from shipway.builders.build_arguments import BuildNames
from shipway.domain.artifacts import Analysis, Checkout
from shipway.pipeline.build_inputs import basis
from shipway.pipeline.context import Context
from shipway.store import build_secrets


async def analyze(ctx: Context, checkout: Checkout) -> Analysis:
    """Read the source tree. Raises `AnalysisFailed` or `BuildFailed` (`dockerfile-error`)."""
    platform = ctx.platform
    directory = await platform.sources.ensure(checkout, platform.worktree(ctx.deployment.id), ctx.log)
    await platform.bases.decide()
    async with platform.database.read() as tx:
        by = await basis(tx, ctx)
        build = BuildNames.of(by.arguments.keys(), await build_secrets.names(tx, ctx.service.id))
    look = partial(
        analyze_tree,
        root=platform.worktree(ctx.deployment.id),
        name=str(ctx.path),
        configured=by.configured,
        # Caches of package managers are a workspace's own: a shared one could be poisoned by another tenant.
        cache_prefix=ctx.service.workspace_id,
        build=build,
    )
    analysis = await asyncio.to_thread(look, directory, by.settings, platform.bases.resolve)
    for line in explain(analysis):
        ctx.log(line)
    return analysis
