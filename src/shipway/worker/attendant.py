"""The attendant: detached one-off runs are begun, waited for and recorded; attached ones that lost their client end."""

import asyncio
from datetime import timedelta

from shipway.domain.clock import now
from shipway.domain.one_off import OneOff
from shipway.pipeline import topics
from shipway.pipeline.attending import attend_detached, end_abandoned
from shipway.pipeline.platform import Platform
from shipway.store import one_off_runs
from shipway.worker.contained import contained

#: Seconds between two looks when nothing is asked for.
PERIOD = 5.0
#: How long the client of an attached one may take to attach.
PATIENCE = timedelta(seconds=60)


class Attendant:
    """Level-based: what nobody attends to is in the store."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._attending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled. Detached runs that are attended to then go on."""
        try:
            with self._platform.signals.subscribe(topics.RUNS) as news:
                while True:
                    with contained("attendant"):
                        await self.round()
                    await news.wait(PERIOD)
        finally:
            for task in self._attending:
                task.cancel()
            await asyncio.gather(*self._attending, return_exceptions=True)

    async def round(self) -> None:
        """Take on each run that nobody attends to."""
        async with self._platform.database.read() as tx:
            left = await one_off_runs.unattended(tx)
        for run in left:
            if run.id in self._platform.attended or _waits(run):
                continue
            async with self._platform.database.write() as tx:
                claimed = await one_off_runs.claim(tx, run.id)
            if claimed:
                self._take_on(run)

    def _take_on(self, run: OneOff) -> None:
        task = asyncio.create_task(self._attend(run), name=run.id)
        self._attending.add(task)
        task.add_done_callback(self._attending.discard)

    async def _attend(self, run: OneOff) -> None:
        with contained("attendant"):
            await (end_abandoned if run.attached else attend_detached)(self._platform, run)


def _waits(run: OneOff) -> bool:
    """Whether its client may still attach."""
    return run.attached and run.state == "starting" and now() - run.created_at < PATIENCE
