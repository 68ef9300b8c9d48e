"""promotion: a blue-green deployment whose whole set is up waits for somebody's word."""

import asyncio

from shipway.domain.artifacts import Promoted, Rollout
from shipway.pipeline import topics
from shipway.pipeline.context import Context
from shipway.pipeline.gate import first_exit
from shipway.store import deployments, queue

#: Seconds between two looks when no signal comes: another replica may have been told.
_LOOK = 5.0


async def await_promotion(ctx: Context, rollout: Rollout) -> Promoted:
    """Return when somebody promotes the deployment; it is *Ready* until then, and others may be deployed meanwhile.

    Raises `Unhealthy` when one of its instances ends instead.
    """
    await _mark(ctx, waits=True)
    ctx.log("-----> Ready: `shipway promote` sends it the traffic, `shipway cancel` throws it away")
    exits = asyncio.create_task(first_exit(ctx, rollout.first))
    word = asyncio.create_task(_word(ctx))
    try:
        await asyncio.wait((exits, word), return_when=asyncio.FIRST_COMPLETED)
        if not word.done():
            raise exits.result()
    finally:
        exits.cancel()
        word.cancel()
        await asyncio.gather(exits, word, return_exceptions=True)
    await _mark(ctx, waits=False)
    ctx.log("-----> Promoted")
    return Promoted()


async def _word(ctx: Context) -> None:
    with ctx.platform.signals.subscribe(topics.promotion(ctx.deployment.id)) as news:
        while True:
            async with ctx.platform.database.read() as tx:
                if (await deployments.get(tx, ctx.deployment.id)).promote_requested:
                    return
            await news.wait(_LOOK)


async def _mark(ctx: Context, *, waits: bool) -> None:
    async with ctx.platform.database.write() as tx:
        await deployments.mark(tx, ctx.deployment.id, "ready" if waits else "running")
        await queue.set_waiting(tx, ctx.deployment.id, waits=waits)
    ctx.platform.signals.notify(ctx.deployment.id)
    ctx.platform.signals.notify(topics.QUEUE)
