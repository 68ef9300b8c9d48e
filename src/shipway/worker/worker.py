"""The worker: claim the next deployment, hold its lease, run the pipeline, store the outcome."""

import asyncio
import traceback
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from shipway.domain.clock import now
from shipway.domain.deployment import DeploymentState
from shipway.domain.errors import Cancelled, DeployFailed, Unavailable
from shipway.domain.ids import new_id
from shipway.pipeline import topics
from shipway.pipeline.context import Context
from shipway.pipeline.pipeline import deploy
from shipway.pipeline.platform import Platform
from shipway.pipeline.run import as_failure, broken
from shipway.store import deployments, queue, services
from shipway.worker.contained import contained

#: Seconds between two looks at the queue when no signal comes: another replica may have enqueued, or died.
_LOOK = 5.0
_HEARTBEAT = queue.LEASE.total_seconds() / 3


class Worker:
    """Works on deployments, one per service at a time; what only drains does not count against the others."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._name = new_id("wrk")
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled. What is under way then stays in the journal as it is, for the next start to go on with."""
        with self._platform.signals.subscribe(topics.QUEUE) as news:
            try:
                while True:
                    with contained("worker"):
                        await self._claim()
                    await news.wait(_LOOK)
            finally:
                await _end(self._running.values())

    async def _claim(self) -> None:
        while True:
            async with self._platform.database.write() as tx:
                limit = self._platform.settings.concurrency
                deployment_id = await queue.claim(tx, self._name, limit=limit, working=tuple(self._running))
            if deployment_id is None:
                return
            task = asyncio.create_task(self._work(deployment_id), name=deployment_id)
            self._running[deployment_id] = task
            task.add_done_callback(partial(self._ended, deployment_id))

    def _ended(self, deployment_id: str, task: asyncio.Task[None]) -> None:
        self._running.pop(deployment_id, None)
        if not task.cancelled() and (error := task.exception()):
            # Its lease runs out, and then it is tried again from where the journal says.
            print("".join(traceback.format_exception(error)), flush=True)
        self._platform.signals.notify(topics.QUEUE)
        self._platform.signals.notify(deployment_id)

    async def _work(self, deployment_id: str) -> None:
        ctx = await self._context(deployment_id)
        work = asyncio.create_task(self._deploy(ctx))
        lease = asyncio.create_task(self._hold(ctx))
        try:
            # Whichever ends first: the work, or our right to do it.
            await asyncio.wait((work, lease), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            await _end((work, lease))

    async def _context(self, deployment_id: str) -> Context:
        async with self._platform.database.write() as tx:
            deployment = await deployments.get(tx, deployment_id)
            if deployment.state == "queued":
                await deployments.mark(tx, deployment_id, "running", started_at=now())
            service = await services.get(tx, deployment.service_id)
        return Context(self._platform, deployment, service, asyncio.Event())

    async def _deploy(self, ctx: Context) -> None:
        failure: DeployFailed | None = None
        try:
            await deploy(ctx)
        except DeployFailed as error:
            failure = error
        except Unavailable:
            raise  # the database: the lease runs out, and then it is tried again
        except Exception as error:
            failure = broken(error)
        await self._finish(ctx, failure)

    async def _finish(self, ctx: Context, failure: DeployFailed | None) -> None:
        """Store the outcome. A failure after the switch leaves the deployment live: the janitor does what is left."""
        async with self._platform.database.write() as tx:
            current = (await deployments.get(tx, ctx.deployment.id)).state
            if failure and current not in ("live", "superseded"):
                await deployments.mark(tx, ctx.deployment.id, _outcome(failure), failure=as_failure(failure))
            await deployments.mark(tx, ctx.deployment.id, finished_at=now())
            await queue.done(tx, ctx.deployment.id)

    async def _hold(self, ctx: Context) -> None:
        """Renew the lease, and pass on a wish to cancel; return when the lease is lost."""
        with self._platform.signals.subscribe(topics.cancel(ctx.deployment.id)) as wish:
            while True:
                with suppress(Unavailable):
                    if not await self._renew(ctx):
                        return
                await wish.wait(_HEARTBEAT)

    async def _renew(self, ctx: Context) -> bool:
        async with self._platform.database.write() as tx:
            held = await queue.renew(tx, ctx.deployment.id, self._name)
            if held and (await deployments.get(tx, ctx.deployment.id)).cancel_requested:
                ctx.cancelled.set()
        return held


def _outcome(failure: DeployFailed) -> DeploymentState:
    return "cancelled" if failure.code == Cancelled.code else "failed"


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    ended = tuple(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)
