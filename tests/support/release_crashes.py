"""The process dies, the machine is started anew, somebody cancels: deployments that do not end as they might."""

import asyncio
from contextlib import suppress

from tests.support.release_world import World

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict
from shipway.operations.deployments import cancel
from shipway.store import queue
from shipway.worker.janitor import Janitor
from shipway.worker.revive import revive


class Killed(BaseException):
    """The process is gone; nobody may catch this."""


async def killed(world: World, fatal: int) -> None:
    """Work, die before the effect of that number, and begin anew; a shorter work is not interrupted."""
    dead = asyncio.Event()
    count = 0

    async def fate(_verb: str, _when: str) -> None:
        nonlocal count
        if dead.is_set() or count == fatal:
            dead.set()
            raise Killed
        count += 1

    world.stack.intercept(fate)
    await world.stack.work(until=dead.is_set)
    world.stack.intercept(None)
    await restarted(world)


async def restarted(world: World) -> None:
    """Another process, which finds what the one before left."""
    world.stack = await world.stack.restarted()
    async with world.stack.database.write() as tx:
        await queue.expire_leases(tx)
    await revive(world.stack.platform)
    await world.stack.platform.routes.reconcile()
    await world.stack.work()
    await Janitor(world.stack.platform).round()


async def rebooted(world: World) -> None:
    """All that ran is gone, and comes again."""
    for each in await world.stack.engine.instances():
        await world.stack.engine.stop(each.name, 0)
    await restarted(world)


async def cancelled_under_way(world: World, made: Deployment) -> None:
    """Cancel it when it has begun, if it can still be. The worker that has it ends it: another would wait for its lease."""
    async with asyncio.timeout(60), world.stack.working():
        await world.stack.until(made, "running", "live", "failed")
        with suppress(Conflict):
            await cancel(world.stack.platform, world.stack.actor, made.id)
        while not await world.stack.is_idle():
            await asyncio.sleep(0.002)
