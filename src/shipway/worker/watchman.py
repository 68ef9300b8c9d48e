"""The watchman: asks live instances whether they are ready and alive, and hears when one ends (S7.3).

One that is not ready gets no requests until it is; one that hangs is started again. What it finds is in the store, so
that a restart of Shipway forgets nothing that counts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from shipway.domain.probe import LONGEST_RUN, PASSES
from shipway.domain.restart import exit_reason
from shipway.domain.workload import InstanceEvent
from shipway.pipeline.health_command import command_line
from shipway.pipeline.platform import Platform
from shipway.pipeline.prober import PATIENCE, probe_tcp
from shipway.pipeline.together import together
from shipway.worker.charge import Charge
from shipway.worker.condition import is_live, record_restart, set_readiness
from shipway.worker.contained import contained
from shipway.worker.roster import Roster

#: Seconds between two looks at who is due, and between two looks at the store.
_TICK, _LOOK = 1.0, 5.0
#: Instances that are asked at the same time.
_AT_ONCE = 32
#: Commands that run at the same time, in different instances.
_RUNS_AT_ONCE = 16
#: Seconds until the engine's events are listened to again after it went away.
_AWAY = 5.0
_KILLED = 137

Accepts = Callable[..., Awaitable[bool]]


class Watchman:
    """Looks after the live instances of `web`; `clock` and `accepts` (see `probe_tcp`) are others in tests."""

    def __init__(
        self, platform: Platform, *, clock: Callable[[], float] = time.monotonic, accepts: Accepts = probe_tcp
    ) -> None:
        self._platform, self._clock, self._accepts = platform, clock, accepts
        self._roster = Roster(platform)
        self._looked = float("-inf")
        self._turns, self._runs = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_RUNS_AT_ONCE)

    async def run(self) -> None:
        """Look after them until cancelled."""
        await together((self._watch(), self._listen()))

    async def round(self) -> None:
        """Ask all who are due, and return when what follows from it is done. Raises `Unavailable` from the store."""
        await together(await self._due())

    async def heard(self, event: InstanceEvent) -> None:
        """An instance ended: no request is to be sent to it until it has passed again, and why it ended is kept."""
        charge = self._roster.charges.get(event.name)
        if charge:
            charge.began_again(self._clock())
        if event.kind == "started":
            if charge:
                charge.our_exits = 0
            return
        if charge and charge.our_exits:
            charge.our_exits -= 1
            return
        await record_restart(self._platform, event.name, await self._why(event))
        if charge and charge.post.question:
            await self._take_out(charge, "it ended")

    async def _watch(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                with contained("watchman"):
                    for work in await self._due():
                        # One that does not answer must not keep the others waiting.
                        task = asyncio.create_task(work)
                        under_way.add(task)
                        task.add_done_callback(under_way.discard)
                await asyncio.sleep(_TICK)
        finally:
            await _end(under_way)

    async def _listen(self) -> None:
        while True:
            with contained("watchman"):
                async for event in self._platform.engine.events():
                    with contained("watchman"):
                        await self.heard(event)
            await asyncio.sleep(_AWAY)

    async def _due(self) -> list[Coroutine[Any, Any, None]]:
        now = self._clock()
        if now - self._looked >= _LOOK:
            await self._roster.refresh(now)
            self._looked = now
        charges = self._roster.charges.values()
        asked, run = [each for each in charges if each.is_due(now)], [each for each in charges if each.run_is_due(now)]
        for charge in asked:
            charge.busy = True
        for charge in run:
            charge.running = True
        return [*map(self._attend, asked), *map(self._run, run)]

    async def _attend(self, charge: Charge) -> None:
        try:
            with contained("watchman"):
                async with self._turns:
                    await self._ask(charge)
                if charge.is_to_be_restarted(self._clock()):
                    await self._restart(charge)
        finally:
            charge.busy = False

    async def _run(self, charge: Charge) -> None:
        """Apart from the rest: whoever's command hangs keeps neither others waiting nor its own liveness."""
        try:
            with contained("watchman"):
                async with self._runs:
                    await self._ask_readiness(charge)
        finally:
            charge.running = False

    async def _ask(self, charge: Charge) -> None:
        now = self._clock()
        if charge.readiness_is_due(now) and not charge.runs:
            await self._ask_readiness(charge)
        if charge.liveness_is_due(now):
            await self._ask_liveness(charge)

    async def _ask_readiness(self, charge: Charge) -> None:
        passed = await self._is_ready(charge)
        charge.answered_readiness(passed, self._clock())
        if passed and charge.unready:
            print(f"ready again: {charge.target.name}", flush=True)
            charge.unready = not await set_readiness(
                self._platform, charge.post.deployment_id, charge.target.name, ready=True
            )
        elif charge.is_to_be_taken_out():
            await self._take_out(charge, f"it failed its probe {charge.failed} times in a row")
        if charge.unready:
            charge.hurry(self._clock())

    async def _is_ready(self, charge: Charge) -> bool:
        question, target = charge.post.question, charge.target
        if question is None:
            return True
        if question.command:
            return await self._passes(charge, question.command)
        port = question.port or target.port
        if not question.path:
            return await self._accepts(target.address, port, timeout=PATIENCE)
        status = await self._platform.prober(target.address, port, question.path, host=charge.host, timeout=PATIENCE)
        return status in question.success

    async def _passes(self, charge: Charge, command: str) -> bool:
        name = charge.target.name
        words = command_line(command, charge.post.environment, charge.post.secrets, name)
        ran = await self._platform.engine.execute(name, words, LONGEST_RUN)
        return ran is not None and ran.exit_code == 0

    async def _ask_liveness(self, charge: Charge) -> None:
        liveness, target = charge.post.liveness, charge.target
        status = await self._platform.prober(
            target.address, liveness.port or target.port, liveness.path, host=charge.host, timeout=liveness.timeout
        )
        charge.answered_liveness(status in PASSES, self._clock())

    async def _take_out(self, charge: Charge, why: str) -> None:
        print(f"not ready: {charge.target.name}: {why}", flush=True)
        charge.unready = True
        charge.hurry(self._clock())
        await set_readiness(self._platform, charge.post.deployment_id, charge.target.name, ready=False)

    async def _restart(self, charge: Charge) -> None:
        name, post = charge.target.name, charge.post
        if not await is_live(self._platform, post.deployment_id, name):
            return
        reason = f"failed {post.liveness.path} {charge.hung} times in a row"
        if post.question:
            await self._take_out(charge, f"it {reason} and is started again")
        charge.our_exits, charge.backoff = 1, charge.backoff.restarted(self._clock())
        await self._platform.engine.restart(name, post.stop_grace)
        charge.began_again(self._clock())
        await record_restart(self._platform, name, reason, hung=True)

    async def _why(self, event: InstanceEvent) -> str:
        """Only the engine knows whether one that was killed had taken too much memory."""
        oom = False
        if event.exit_code == _KILLED:
            alive = await self._platform.engine.instances(deployment=event.owner.deployment)
            oom = any(each.oom_killed for each in alive if each.name == event.name)
        return exit_reason(event.exit_code, oom_killed=oom)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    ended = tuple(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)
