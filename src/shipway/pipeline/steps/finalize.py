"""finalize: what may be done after the switch, at leisure: keep the new ones up, drain and stop the old ones, tidy up."""

import asyncio
import shutil

from shipway.domain.artifacts import Finished, Rollout, Switch
from shipway.pipeline.context import Context
from shipway.pipeline.local_image import let_go
from shipway.pipeline.retire import drain, retire
from shipway.pipeline.together import together
from shipway.pipeline.workloads import same_workloads
from shipway.store import releases, services


async def finalize(ctx: Context, rollout: Rollout, switch: Switch) -> Finished:
    """Finish the deployment in the background; the next one may already be under way."""
    await _keep_up(ctx, rollout)
    drained = await together(_drain_and_retire(ctx, deployment_id) for deployment_id in switch.retired)
    await let_go(ctx)
    await asyncio.to_thread(shutil.rmtree, ctx.platform.workplace(ctx.deployment.id), ignore_errors=True)
    return Finished(sum(first - left for first, left in drained), sum(left for _, left in drained))


async def _drain_and_retire(ctx: Context, deployment_id: str) -> tuple[int, int]:
    settings = ctx.service.settings
    first, left = await drain(ctx.platform, deployment_id, settings.drain_timeout)
    ctx.log(f"-----> Old instances drained: {first} in flight at first, {left} cut at the end")
    await retire(ctx.platform, deployment_id, settings.stop_grace)
    return first, left


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
