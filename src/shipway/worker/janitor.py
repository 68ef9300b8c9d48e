"""The janitor: level-based. It compares what runs with what the store says should, and puts the difference right.

It is the net under everything else: whatever a crash, a bug or an impatient administrator left behind ends here.
"""

import asyncio

from shipway.domain.clock import now
from shipway.operations.git_pushes import settle_left
from shipway.pipeline.deletion import carry_out
from shipway.pipeline.files import sweep_files
from shipway.pipeline.one_offs import sweep_one_offs
from shipway.pipeline.platform import Platform
from shipway.pipeline.retire import retire
from shipway.pipeline.standing import unpark
from shipway.store import deployments, queue, rollouts, services, users, webhooks
from shipway.worker import volume_bin
from shipway.worker.contained import contained
from shipway.worker.memory import give_back
from shipway.worker.revive import revive

#: Seconds between two rounds.
PERIOD = 30.0


class Janitor:
    """Rounds of tidying; each is safe at any time, beside any deployment."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run(self) -> None:
        """A round now and then, until cancelled."""
        while True:
            with contained("janitor"):
                await self.round()
            await asyncio.to_thread(give_back)
            await asyncio.sleep(PERIOD)

    async def round(self) -> None:
        """Keep up and route what is live, stop what nobody wants. Raises `Unavailable`."""
        with contained("deletion"):
            # Before the rest: what was to go must not be brought up first.
            await carry_out(self._platform)
        with contained("pushes"):
            await settle_left(self._platform)
        await revive(self._platform)
        await self._platform.routes.reconcile()
        # What runs first, what is wanted second: a deployment that begins in between is then not taken for an orphan.
        present = await self._present()
        for deployment_id in sorted(present - await self._wanted()):
            await retire(self._platform, deployment_id, lambda _: 10.0)
        await self._bring_back()
        await volume_bin.tend(self._platform)
        await sweep_one_offs(self._platform)
        await sweep_files(self._platform)
        async with self._platform.database.write() as tx:
            await users.purge_expired(tx)
            await webhooks.purge_old(tx)
        await self._platform.builder.tidy()

    async def _present(self) -> set[str]:
        seen = await self._platform.engine.instances()
        async with self._platform.database.read() as tx:
            known = await rollouts.listed(tx)
        # Whoever names an instance has it, whoever started it.
        named = {name for each in known for name in each.instances}
        running = {instance.owner.deployment for instance in seen if instance.name not in named}
        return running | {each.deployment_id for each in known}

    async def _wanted(self) -> set[str]:
        """Deployments whose instances may be there: live, under way, draining under a finalize that still runs, or warm."""
        async with self._platform.database.read() as tx:
            live = {service.live_deployment_id for service in await services.listed(tx)}
            moving = {deployment.id for deployment in await deployments.unfinished(tx)}
            busy = await queue.busy_services(tx)
            known = await rollouts.listed(tx)
        draining = {each.deployment_id for each in known if each.service_id in busy}
        warm = {each.deployment_id for each in known if each.state == "warm" and each.until and each.until > now()}
        wanted = {identifier for identifier in live if identifier} | moving | draining | warm
        # What an undo did not take over of what it found ends under a finalize that still runs, with its own grace.
        return wanted | {each.origin for each in known if each.service_id in busy}

    async def _bring_back(self) -> None:
        """What was stopped for successors that nobody works on any more."""
        async with self._platform.database.read() as tx:
            moving = {deployment.service_id for deployment in await deployments.unfinished(tx)}
            left = [each for each in await rollouts.live(tx) if each.parked and each.service_id not in moving]
        for each in left:
            # One whose secret was revoked since can't come back, and must not keep the rest of the round from being done.
            with contained("janitor"):
                await unpark(self._platform, each)
