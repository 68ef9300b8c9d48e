"""handover: of process types that must never run twice, the old ones end and the new ones start, just before the switch."""

from shipway.domain.artifacts import HandedOver, Rollout
from shipway.pipeline.context import Context
from shipway.pipeline.gate import until_up
from shipway.pipeline.launch import launch
from shipway.pipeline.standing import park
from shipway.store import rollouts


async def hand_over(ctx: Context, rollout: Rollout) -> HandedOver:
    """Return when the new ones are up. Raises `Unhealthy` when they can't be; `abandon` brings the old ones back."""
    assert rollout.plan is not None
    async with ctx.platform.database.read() as tx:
        old = next((each for each in await rollouts.listed(tx, ctx.service.id) if each.state == "live"), None)
    if old is not None:
        ctx.log(f"-----> Stopping the old: {', '.join(rollout.plan.named('park'))}")
        await park(ctx.platform, old, rollout.plan.named("park"))
    placed = await launch(ctx, rollout, rollout.handover)
    await until_up(ctx, placed, rollout.handover)
    return HandedOver(rollout.handover)
