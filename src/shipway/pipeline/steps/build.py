"""build: the image, in the engine's own store."""

import time

from shipway.builders.builder import BuildRequest
from shipway.domain.artifacts import Analysis, Built, Checkout
from shipway.pipeline.build_inputs import BuildInputs, build_inputs
from shipway.pipeline.context import Context
from shipway.store import builds


async def build(ctx: Context, checkout: Checkout, analysis: Analysis) -> Built:
    """Build it under a number of its own. Raises `BuildFailed`."""
    platform = ctx.platform
    number = await _number(ctx, checkout, analysis)
    directory = await platform.sources.ensure(checkout, platform.worktree(ctx.deployment.id), ctx.log)
    await platform.bases.ensure_for(analysis.dockerfile, ctx.log)
    inputs = await build_inputs(ctx)
    request = BuildRequest(
        directory=directory,
        analysis=analysis,
        tag=f"{platform.settings.installation}-build/{ctx.path}:v{number}",
        timeout=ctx.service.settings.build_timeout,
        labels={"shipway.installation": platform.settings.installation, "shipway.path": str(ctx.path)},
        workspace=ctx.service.workspace_id,
        cache_scope=f"{ctx.path.project}/{ctx.path.service}",
        arguments=inputs.arguments,
        secrets=inputs.secrets,
        registries=inputs.registries,
        proxies=platform.settings.build_proxies,
    )
    ctx.log(f"-----> Building v{number}")
    for line in _told(inputs):
        ctx.log(line)
    began = time.monotonic()
    image_id = await platform.builder.build(request, ctx.log)
    return Built(number, checkout.revision, image_id, request.tag, round(time.monotonic() - began, 1))


def _told(inputs: BuildInputs) -> list[str]:
    """Which of them there are, by name."""
    names = {
        "build arguments": sorted(inputs.arguments),
        "build secrets": sorted(inputs.secrets),
        "credentials for": [credential.host for credential in inputs.registries],
    }
    return [f"       {what}: {', '.join(found)}" for what, found in names.items() if found]


async def _number(ctx: Context, checkout: Checkout, analysis: Analysis) -> int:
    async with ctx.platform.database.write() as tx:
        return await builds.ensure(
            tx,
            ctx.service.id,
            ctx.deployment.id,
            revision=checkout.revision,
            provider=analysis.provider,
            dockerfile=analysis.dockerfile,
        )
