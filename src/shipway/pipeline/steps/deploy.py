"""deploy: start the new instances, beside the old ones or after them, as the plan says."""

from shipway.domain.artifacts import Released, Rollout, Target
from shipway.domain.errors import Unhealthy
from shipway.domain.plan import Plan
from shipway.domain.release import Release
from shipway.pipeline.context import Context
from shipway.pipeline.files import give_files
from shipway.pipeline.in_place import find_standing
from shipway.pipeline.launch import launch
from shipway.pipeline.retire import by_settings, drain, retire
from shipway.pipeline.standing import park
from shipway.pipeline.survey import decide
from shipway.store import releases, rollouts
from shipway.store.rollouts import StoredRollout


async def start_instances(ctx: Context, released: Released) -> Rollout:
    """Start what the plan says can start now. No request reaches it yet. Where the old ones have to stop first, they do,
    and requests are answered with 503 and Retry-After until traffic switches."""
    async with ctx.platform.database.read() as tx:
        release = await releases.get(tx, released.id)
    plan = released.plan or await decide(ctx, release)
    if plan.mode == "in-place":
        return await find_standing(ctx, released, plan)
    cut = await _make_room(ctx, plan)
    targets = await _taken_over(ctx, plan, release)
    names = (*plan.named("adopt"), *plan.named("start"))
    return await launch(ctx, Rollout(ctx.deployment.id, released.id, targets, names, plan, cut), plan.first)


async def _make_room(ctx: Context, plan: Plan) -> int:
    """Returns how many requests were cut by it."""
    cut = 0
    for deployment_id in plan.named("evict"):
        ctx.log("-----> Ending instances that were kept warm or drain, to make room")
        await _until_drained(ctx, deployment_id)
        await retire(ctx.platform, deployment_id, by_settings(ctx.service.settings))
    if plan.mode == "stop-first" and (old := await _live(ctx)):
        ctx.log(f"-----> Stopping the old: {', '.join(plan.named('park'))}")
        cut = await park(ctx.platform, old, plan.named("park"))
        ctx.log("-----> Deploying the new")
    return cut


async def _until_drained(ctx: Context, deployment_id: str) -> None:
    async with ctx.platform.database.read() as tx:
        left = await rollouts.find(tx, deployment_id)
    if left is not None:
        await drain(ctx.platform, left.origin, ctx.service.settings.drain_timeout)


async def _live(ctx: Context) -> StoredRollout | None:
    async with ctx.platform.database.read() as tx:
        return next((each for each in await rollouts.listed(tx, ctx.service.id) if each.state == "live"), None)


async def _taken_over(ctx: Context, plan: Plan, release: Release) -> tuple[Target, ...]:
    names = plan.named("adopt")
    if not names:
        return ()
    ctx.log(f"-----> Taking over what still stands: {', '.join(names)}")
    async with ctx.platform.database.write() as tx:
        known = await rollouts.listed(tx, ctx.service.id)
        found = next((each for each in known if {target.name for target in each.targets} >= set(names)), None)
        if found is None or not await rollouts.adopt(tx, ctx.deployment.id, found.origin, names):
            raise Unhealthy(
                "The former instances were being stopped as they were to be taken over.",
                hint="Roll back again: new ones are started then.",
                code="app-exited",
            )
    await give_files(ctx.platform, ctx.service, release, names)
    return tuple(target for target in found.targets if target.name in names)
