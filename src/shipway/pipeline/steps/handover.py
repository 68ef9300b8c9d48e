"""handover: old instances make way for new ones that can't run beside them, just before the switch.

Process types that must never run twice, and where there is no room for all of both releases at once, all of them, a few at a
time. Then both releases answer for a while, each with as large a part of the requests as it has of the instances.
"""

from dataclasses import replace

from shipway.domain.artifacts import HandedOver, Rollout
from shipway.domain.plan import Round
from shipway.domain.process import WEB
from shipway.pipeline.context import Context
from shipway.pipeline.gate import unless_one_ends, until_up
from shipway.pipeline.launch import launch
from shipway.pipeline.situation import process_of
from shipway.pipeline.standing import park
from shipway.store import rollouts
from shipway.store.rollouts import StoredRollout


async def hand_over(ctx: Context, rollout: Rollout) -> HandedOver:
    """Return when all new ones are up. Raises `Unhealthy` when they can't be; `abandon` sends the requests back and brings
    the old ones back. After a restart of Shipway it begins again, and finds done what was."""
    assert rollout.plan is not None
    rounds = rollout.plan.rounds
    rollout = await _as_it_was_left(ctx, rollout)
    cut, up = 0, rollout.first
    for each in rounds:
        rollout, stopped = await unless_one_ends(ctx, up, _round(ctx, rollout, each))
        cut, up = cut + stopped, (*up, *each.starts)
    return HandedOver(up[len(rollout.first) :], rollout.targets, cut)


async def _as_it_was_left(ctx: Context, rollout: Rollout) -> Rollout:
    """Those that a former process has started may have requests: no round takes these from them."""
    _, own = await _both(ctx)
    return replace(rollout, targets=own.targets) if own else rollout


async def _round(ctx: Context, rollout: Rollout, each: Round) -> tuple[Rollout, int]:
    """Returns how many requests were cut by it, too."""
    cut = await _make_way(ctx, each)
    return await _follow(ctx, rollout, each), cut


async def _make_way(ctx: Context, each: Round) -> int:
    old, own = await _both(ctx)
    if old is None:
        return 0
    ctx.log(f"-----> Stopping the old: {', '.join(each.parks)}")
    if own is not None and any(process_of(name) == WEB for name in each.parks):
        await _share(ctx, old, own, each)
    return await park(ctx.platform, old, each.parks)


async def _share(ctx: Context, old: StoredRollout, own: StoredRollout, each: Round) -> None:
    """Recorded only: it takes effect in the same act as that those which make way get no more."""
    stays = sum(target.name not in each.parks for target in old.serving)
    percent = 100 * len(own.serving) // (len(own.serving) + stays)
    # Those that stay may all be unready, and a canary never has all of the requests.
    async with ctx.platform.database.write() as tx:
        await rollouts.set_share(tx, ctx.deployment.id, min(99, max(own.percent, percent)))


async def _follow(ctx: Context, rollout: Rollout, each: Round) -> Rollout:
    """Requests that others of the rollout get by now don't reach these before they are up."""
    _, own = await _both(ctx)
    new = set(each.starts) - {target.name for target in rollout.targets}
    unready = {*(own.unready if own else ()), *new}
    async with ctx.platform.database.write() as tx:
        await rollouts.set_unready(tx, ctx.deployment.id, unready)
    placed = await launch(ctx, rollout, each.starts)
    await until_up(ctx, placed, each.starts)
    async with ctx.platform.database.write() as tx:
        await rollouts.set_unready(tx, ctx.deployment.id, unready - set(each.starts))
    await ctx.platform.routes.reconcile()
    return placed


async def _both(ctx: Context) -> tuple[StoredRollout | None, StoredRollout | None]:
    async with ctx.platform.database.read() as tx:
        known = await rollouts.listed(tx, ctx.service.id)
    old = next((each for each in known if each.state == "live"), None)
    return old, next((each for each in known if each.deployment_id == ctx.deployment.id), None)
