"""finalize: what may be done after the switch, at leisure: keep the new ones up, drain and stop the old ones, tidy up."""

import asyncio
import shutil

from shipway.domain.artifacts import Finished, Rollout, Switch
from shipway.domain.cutover import Drained, cutover, drained
from shipway.domain.traffic import Traffic
from shipway.pipeline.context import Context
from shipway.pipeline.local_image import let_go
from shipway.pipeline.retire import drain, retire
from shipway.pipeline.together import together
from shipway.pipeline.workloads import same_workloads
from shipway.store import releases, services


async def finalize(ctx: Context, rollout: Rollout, switch: Switch) -> Finished:
    """Finish the deployment in the background; the next one may already be under way."""
    await _keep_up(ctx, rollout)
    old = await together(_drain_and_retire(ctx, deployment_id, switch) for deployment_id in switch.retired)
    report = cutover(old, await _of_the_new(ctx, rollout)) if old else None
    if report:
        ctx.log(f"-----> Cutover: {report.summary}")
    await let_go(ctx)
    await asyncio.to_thread(shutil.rmtree, ctx.platform.workplace(ctx.deployment.id), ignore_errors=True)
    return Finished(report)


async def _drain_and_retire(ctx: Context, deployment_id: str, switch: Switch) -> Drained:
    settings = ctx.service.settings
    first, counted = await drain(ctx.platform, deployment_id, settings.drain_timeout)
    left = counted.in_flight if counted else 0
    ctx.log(f"-----> Old instances drained: {first} in flight at first, {left} cut at the end")
    await retire(ctx.platform, deployment_id, settings.stop_grace)
    return drained(switch.carried.get(deployment_id), counted)


async def _of_the_new(ctx: Context, rollout: Rollout) -> Traffic | None:
    """What it has carried; nothing where it takes no requests, `None` when a successor's finalize was faster than this."""
    if not rollout.targets:
        return Traffic()
    return (await ctx.platform.routes.traffic()).get(ctx.deployment.id)


async def _keep_up(ctx: Context, rollout: Rollout) -> None:
    """From now on the engine restarts them by itself, also while Shipway is down and after a reboot."""
    platform = ctx.platform
    async with platform.database.read() as tx:
        release = await releases.get(tx, rollout.release_id)
        current = (await services.get(tx, ctx.service.id)).live_deployment_id
    if current != ctx.deployment.id:
        # A successor is live already and retires these; starting them would bring them back.
        return
    kept = same_workloads(ctx.service, ctx.deployment, release, platform.settings, rollout.instances)
    await together(platform.engine.start(workload) for workload in kept)
