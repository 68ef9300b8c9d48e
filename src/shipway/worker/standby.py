"""The standby: what was kept started for an undo ends when its time is over."""

from datetime import datetime

from shipway.domain.clock import now
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.pipeline.retire import by_settings, retire
from shipway.store import rollouts, services
from shipway.worker.contained import contained

#: Seconds between two looks when none is due sooner.
PERIOD = 10.0


class Standby:
    """Retires warm rollouts, level-based: what is warm and until when is in the store."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run(self) -> None:
        """Work until cancelled."""
        with self._platform.signals.subscribe(topics.STANDBY) as news:
            while True:
                due: datetime | None = None
                with contained("standby"):
                    due = await self.round()
                await news.wait(PERIOD if due is None else min(PERIOD, max(0.1, (due - now()).total_seconds())))

    async def round(self) -> datetime | None:
        """Retire those whose time is over; when the next one's is. Raises `Unavailable`."""
        async with self._platform.database.read() as tx:
            ends = {each: each.until for each in await rollouts.listed(tx) if each.state == "warm" and each.until}
            graces = {each.id: by_settings(each.settings) for each in await services.listed(tx)} if ends else {}
        for rollout, until in ends.items():
            if until <= now():
                await retire(self._platform, rollout.deployment_id, graces[rollout.service_id])
        return min((until for until in ends.values() if until > now()), default=None)
