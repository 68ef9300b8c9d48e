"""A deployment, as prose. Read this first.

Every line is a step: announced, executed once, recorded, and recalled after a restart (`run.py`). Each step is one file
in `steps/`, takes exactly what it needs and returns a frozen value; the signatures are the data-flow diagram.
"""

from contextlib import suppress

from shipway.domain.artifacts import Released, from_root
from shipway.domain.deployment import SOURCE_STEPS
from shipway.domain.errors import DeployFailed
from shipway.domain.source import ImageSource
from shipway.pipeline.context import Context
from shipway.pipeline.reconfigured import must_build
from shipway.pipeline.run import Run
from shipway.pipeline.steps.abandon import abandon
from shipway.pipeline.steps.analyze import analyze
from shipway.pipeline.steps.build import build
from shipway.pipeline.steps.canary import try_out
from shipway.pipeline.steps.clone import clone
from shipway.pipeline.steps.deploy import start_instances
from shipway.pipeline.steps.finalize import finalize
from shipway.pipeline.steps.handover import hand_over
from shipway.pipeline.steps.health import await_health
from shipway.pipeline.steps.promotion import await_promotion
from shipway.pipeline.steps.push import push
from shipway.pipeline.steps.release import create_release
from shipway.pipeline.steps.route import switch_traffic


async def deploy(ctx: Context) -> None:
    """Make one deployment live, or leave everything as it was and raise `DeployFailed`."""
    run = Run(ctx)

    # Until traffic switches, the previous release serves and the candidate can be thrown away.
    try:
        release = await prepare(run, ctx)
        rollout = await run.step(start_instances, release)
        health = await run.step(await_health, rollout)
        if rollout.strategy == "canary":
            await run.step(try_out, rollout)
        if rollout.waits:
            await run.step(await_promotion, rollout)
        if rollout.handover:
            rollout = (await run.step(hand_over, rollout)).to(rollout)
        switch = await run.step(switch_traffic, rollout, health)
    except DeployFailed:
        # Where this fails too, the first failure is still the one to tell, and the janitor does the rest.
        with suppress(DeployFailed):
            await run.step(abandon)
        raise

    # From here on there is no way back, only forward: a new deployment.
    await run.step(finalize, rollout, switch)


async def prepare(run: Run, ctx: Context) -> Released:
    """The release to make live: from source, from an image, or an existing one again, whose image may have been pruned, or
    is not of today's build-time vars."""
    from_image = ctx.deployment.action == "deploy" and isinstance(ctx.service.source, ImageSource)
    builds = await must_build(ctx) if ctx.deployment.action == "reconfigure" else ctx.deployment.builds
    if from_image or not builds:
        await run.skip(*SOURCE_STEPS)
        return await run.step(create_release, None, None)

    checkout = await run.step(clone)
    analysis = await run.step(analyze, checkout)
    built = await run.step(build, *from_root(checkout, analysis))
    image = await run.step(push, built)
    return await run.step(create_release, image, analysis)
