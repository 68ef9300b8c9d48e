"""The keeper: the proxy and the registry are processes of their own; when one dies it is started again, as it was."""

import asyncio

from shipway.pipeline.platform import Platform
from shipway.worker.contained import contained

#: Seconds between two looks.
PERIOD = 3.0


class Keeper:
    """Looks after the parts that outlive Shipway."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            with contained("keeper"):
                await self._platform.router.check()
                await self._platform.registry.check()
            await asyncio.sleep(PERIOD)
