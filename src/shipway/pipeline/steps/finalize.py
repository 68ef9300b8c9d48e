"""finalize: what may be done after the switch, at leisure: keep the new ones up, drain and stop the old ones, tidy up."""

import asyncio
import shutil

from shipway.domain.artifacts import Finished, Rollout, Switch
from shipway.domain.cutover import Drained, Shift, cutover, drained
from shipway.domain.process import WEB
from shipway.domain.traffic import Traffic
from shipway.pipeline.context import Context
from shipway.pipeline.local_image import let_go
from shipway.pipeline.retire import drain, rest, retire
from shipway.pipeline.standing import stand
from shipway.pipeline.together import together
from shipway.store import rollouts
from shipway.store.rollouts import StoredRollout


async def finalize(ctx: Context, rollout: Rollout, switch: Switch) -> Finished:
    """Finish the deployment in the background; the next one may already be under way."""
    await _keep_up(ctx)
    old = await together(_drain_and_retire(ctx, rollout, deployment_id, switch) for deployment_id in switch.retired)
    report = cutover(old, await _of_the_new(ctx, rollout, switch), _shift(rollout, switch)) if old else None
    if report:
        ctx.log(f"-----> Cutover: {report.summary}")
    await let_go(ctx)
    await asyncio.to_thread(shutil.rmtree, ctx.platform.workplace(ctx.deployment.id), ignore_errors=True)
    return Finished(report)


async def _drain_and_retire(ctx: Context, rollout: Rollout, deployment_id: str, switch: Switch) -> Drained:
    settings, before = ctx.service.settings, switch.carried.get(deployment_id)
    old = await _stored(ctx, deployment_id)
    if old is None:
        # Taken over by an undo, it cuts nothing; retired before a crash, nobody saw the end of it.
        return drained(before, before if await _was_taken_over(ctx, deployment_id) else None)
    first, counted = await drain(ctx.platform, old.origin, settings.drain_timeout)
    left = counted.in_flight if counted else 0
    ctx.log(f"-----> Old instances drained: {first} in flight at first, {left} cut at the end")
    if _stays_warm(ctx, rollout, old, switch) and not left:
        ctx.log(f"-----> Kept started for an undo, for {settings.keep_warm:g} s")
        await rest(ctx.platform, old, settings.keep_warm, settings.stop_grace)
    else:
        await retire(ctx.platform, deployment_id, settings.stop_grace)
    return drained(before, counted)


def _stays_warm(ctx: Context, rollout: Rollout, old: StoredRollout, switch: Switch) -> bool:
    """Only what served last: one standby is enough. What stopped for its successors can't stand beside them."""
    overlaps = rollout.plan is not None and rollout.plan.mode == "overlap"
    return overlaps and old.deployment_id == switch.former and bool(old.targets) and ctx.service.settings.keep_warm > 0


def _shift(rollout: Rollout, switch: Switch) -> Shift:
    interrupted = rollout.plan is not None and WEB in rollout.plan.interrupts
    return Shift(interrupted, switch.asked, switch.lost, rollout.cut)


async def _of_the_new(ctx: Context, rollout: Rollout, switch: Switch) -> Traffic | None:
    """What it has carried since; nothing where it takes no requests, `None` when a successor's finalize was faster."""
    if not rollout.targets:
        return Traffic()
    own = await _stored(ctx, ctx.deployment.id)
    now = (await ctx.platform.routes.traffic()).get(own.origin) if own else None
    return now and now.since(switch.carried.get(ctx.deployment.id, Traffic()))


async def _was_taken_over(ctx: Context, deployment_id: str) -> bool:
    async with ctx.platform.database.read() as tx:
        return any(each.origin == deployment_id for each in await rollouts.listed(tx, ctx.service.id))


async def _stored(ctx: Context, deployment_id: str) -> StoredRollout | None:
    async with ctx.platform.database.read() as tx:
        return await rollouts.find(tx, deployment_id)


async def _keep_up(ctx: Context) -> None:
    """From now on the engine restarts them by itself. A successor that is live already retires them: starting them would
    bring them back."""
    own = await _stored(ctx, ctx.deployment.id)
    if own is not None and own.state == "live":
        await stand(ctx.platform, own, own.instances)
