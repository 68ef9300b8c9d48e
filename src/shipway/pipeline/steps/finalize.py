"""finalize: what may be done after the switch, at leisure: keep the new ones up, drain and stop the old ones, tidy up."""

import asyncio
import shutil
from dataclasses import replace

from shipway.domain.artifacts import Finished, Rollout, Switch
from shipway.domain.cutover import Drained, Shift, cutover, drained
from shipway.domain.errors import SecretMissing, SecretRevoked, VaultRefused
from shipway.domain.process import WEB
from shipway.domain.traffic import Traffic
from shipway.pipeline.context import Context
from shipway.pipeline.local_image import let_go
from shipway.pipeline.pruning import prune_after
from shipway.pipeline.retire import by_settings, drain, rest, retire
from shipway.pipeline.standing import stand
from shipway.pipeline.together import together
from shipway.pipeline.volumes import bin_the_unused, kept_warm
from shipway.store import releases, rollouts
from shipway.store.rollouts import StoredRollout


async def finalize(ctx: Context, rollout: Rollout, switch: Switch) -> Finished:
    """Finish the deployment in the background; the next one may already be under way."""
    await _keep_up(ctx)
    old = await together(_drain_and_retire(ctx, rollout, deployment_id, switch) for deployment_id in switch.retired)
    report = cutover(old, await _of_the_new(ctx, rollout, switch), _shift(rollout, switch)) if old else None
    if report:
        ctx.log(f"-----> Cutover: {report.summary}")
    for place in await bin_the_unused(ctx.platform, ctx.service.id, ctx.deployment.actor):
        ctx.log(f"-----> Into the bin: the volume {place}, which no instance has any more")
    await let_go(ctx)
    await asyncio.to_thread(shutil.rmtree, ctx.platform.workplace(ctx.deployment.id), ignore_errors=True)
    await prune_after(ctx)
    return Finished(report)


async def _drain_and_retire(ctx: Context, rollout: Rollout, deployment_id: str, switch: Switch) -> Drained:
    settings, before = ctx.service.settings, switch.carried.get(deployment_id)
    old = await _stored(ctx, deployment_id)
    origin = old.origin if old else deployment_id
    first, counted = await drain(ctx.platform, origin, settings.drain_timeout) if old else (0, None)
    taken_over = await _was_taken_over(ctx, deployment_id, origin)
    if old is None or taken_over:
        # What an undo took over is not cut, and what it did not take ends; retired before a crash, nobody saw the end.
        await retire(ctx.platform, deployment_id, by_settings(settings))
        return drained(before, replace(before, in_flight=0) if before and taken_over else None)
    left = counted.in_flight if counted else 0
    ctx.log(f"-----> Old instances drained: {first} in flight at first, {left} cut at the end")
    if await _stays_warm(ctx, rollout, old, switch) and not left:
        ctx.log(f"-----> Kept started for an undo, for {settings.keep_warm:g} s")
        await rest(ctx.platform, old, settings.keep_warm, by_settings(settings))
    else:
        await retire(ctx.platform, deployment_id, by_settings(settings))
    return drained(before, counted)


async def _stays_warm(ctx: Context, rollout: Rollout, old: StoredRollout, switch: Switch) -> bool:
    """Only what served last: one standby is enough. What stopped for its successors can't stand beside them; nor does
    what has a volume, which its successors' successors may need."""
    overlaps = rollout.plan is not None and rollout.plan.mode == "overlap"
    if not overlaps or old.deployment_id != switch.former or not old.targets or ctx.service.settings.keep_warm <= 0:
        return False
    async with ctx.platform.database.read() as tx:
        made = await releases.of_deployments(tx, [old.deployment_id])
    return all(kept_warm(release.settings, WEB) for release in made.values())


def _shift(rollout: Rollout, switch: Switch) -> Shift:
    interrupted = rollout.plan is not None and WEB in rollout.plan.interrupts
    return Shift(interrupted, switch.asked, switch.lost, rollout.cut)


async def _of_the_new(ctx: Context, rollout: Rollout, switch: Switch) -> Traffic | None:
    """What it has carried since; nothing where it takes no requests, `None` when a successor's finalize was faster."""
    if not rollout.targets:
        return Traffic()
    names = {target.name for target in rollout.targets}
    async with ctx.platform.database.read() as tx:
        known = await rollouts.listed(tx, ctx.service.id)
    # Another deployment may have taken them over by now: an edit of config files, or an undo.
    own = next((each for each in known if names & {target.name for target in each.targets}), None)
    now = (await ctx.platform.routes.traffic()).get(own.origin) if own else None
    return now and now.since(switch.carried.get(ctx.deployment.id, Traffic()))


async def _was_taken_over(ctx: Context, deployment_id: str, origin: str) -> bool:
    async with ctx.platform.database.read() as tx:
        known = await rollouts.listed(tx, ctx.service.id)
    return any(each.origin == origin and each.deployment_id != deployment_id for each in known)


async def _stored(ctx: Context, deployment_id: str) -> StoredRollout | None:
    async with ctx.platform.database.read() as tx:
        return await rollouts.find(tx, deployment_id)


async def _keep_up(ctx: Context) -> None:
    """From now on the engine restarts them by itself. A successor that is live already retires them, and one under way may
    have parked some: starting these would bring them back."""
    own = await _stored(ctx, ctx.deployment.id)
    if own is not None and own.state == "live":
        try:
            await stand(ctx.platform, own, set(own.instances) - set(own.parked))
        except (SecretMissing, SecretRevoked, VaultRefused) as error:
            # Revoked since they started. They serve on; nothing can start them again, and the old ones go all the same.
            ctx.log(f"!     {error.message} What runs goes on, and nothing starts it again.")
