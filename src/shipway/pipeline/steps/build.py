"""build: the image, in the builder's own store, and a record of how it was made, also when it was not."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shipway.builders.builder import BuildRequest, BuiltImage
from shipway.domain.artifacts import Analysis, Built, Checkout
from shipway.domain.deployment import Failure
from shipway.domain.errors import Cancelled, DeployFailed, ShipwayError
from shipway.pipeline.build_inputs import BuildInputs, build_inputs
from shipway.pipeline.context import Context
from shipway.pipeline.local_image import local_tag
from shipway.store import builds


async def build(ctx: Context, checkout: Checkout, analysis: Analysis) -> Built:
    """Build it under a number of its own. Raises `BuildFailed`."""
    number = await _number(ctx, checkout, analysis)
    began = time.monotonic()
    async with _failures_recorded(ctx, began):
        request = await _request(ctx, checkout, analysis, number)
        built = await ctx.platform.builder.build(request, ctx.log)
    seconds = round(time.monotonic() - began, 1)
    async with ctx.platform.database.write() as tx:
        await builds.built(
            tx, ctx.deployment.id, bases=built.bases, steps=built.steps, cached=built.cached, seconds=seconds
        )
    _tell(ctx, built)
    return Built(number, checkout.revision, built.id, request.tag, seconds)


async def _request(ctx: Context, checkout: Checkout, analysis: Analysis, number: int) -> BuildRequest:
    platform = ctx.platform
    directory = await platform.sources.ensure(checkout, platform.worktree(ctx.deployment.id), ctx.log)
    await platform.bases.ensure_for(analysis.dockerfile, ctx.log)
    inputs = await build_inputs(ctx)
    ctx.log(f"-----> Building v{number}")
    for line in (*_told(inputs), *_otherwise(ctx)):
        ctx.log(line)
    async with platform.database.write() as tx:
        await builds.started(tx, ctx.deployment.id, arguments=sorted(inputs.arguments), secrets=sorted(inputs.secrets))
    return BuildRequest(
        directory=directory,
        analysis=analysis,
        tag=local_tag(ctx, number),
        timeout=ctx.service.settings.build_timeout,
        labels={"shipway.installation": platform.settings.installation, "shipway.path": str(ctx.path)},
        workspace=ctx.service.workspace_id,
        cache_scope=f"{ctx.path.project}/{ctx.path.service}",
        arguments=inputs.arguments,
        secrets=inputs.secrets,
        registries=inputs.registries,
        proxies=platform.settings.build_proxies,
    )


@asynccontextmanager
async def _failures_recorded(ctx: Context, began: float) -> AsyncIterator[None]:
    """Whatever ends it early goes into the record; only a restart of Shipway does not: the build is done again then."""
    try:
        yield
    except (Exception, asyncio.CancelledError) as error:
        if isinstance(error, Exception) or ctx.cancelled.is_set():
            seconds = round(time.monotonic() - began, 1)
            async with ctx.platform.database.write() as tx:
                await builds.failed(tx, ctx.deployment.id, _failure(error), seconds=seconds)
        raise


def _failure(error: BaseException) -> Failure:
    if isinstance(error, asyncio.CancelledError):
        return Failure(Cancelled.code, "Cancelled while it was being built.", step="build")
    if isinstance(error, ShipwayError):
        evidence = error.evidence if isinstance(error, DeployFailed) else ()
        return Failure(error.code, error.message, error.hint, evidence, "build")
    return Failure(ShipwayError.code, "Shipway itself failed here.", step="build")


def _tell(ctx: Context, built: BuiltImage) -> None:
    for base in built.bases:
        ctx.log(f"       stood on {base.reference} ({base.digest[:19] or 'digest not known'})")


def _told(inputs: BuildInputs) -> list[str]:
    """Which of them there are, by name."""
    names = {
        "build arguments": sorted(inputs.arguments),
        "build secrets": sorted(inputs.secrets),
        "credentials for": [credential.host for credential in inputs.registries],
    }
    return [f"       {what}: {', '.join(found)}" for what, found in names.items() if found]


def _otherwise(ctx: Context) -> list[str]:
    rebuild = ctx.deployment.rebuild
    if rebuild is None or not rebuild.otherwise:
        return []
    return [f"!     Today's build-time vars are otherwise, and are not used: {', '.join(rebuild.otherwise)}"]


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
