"""An instance that two parts of Shipway stop at the same time is told to end once."""

import asyncio
from types import SimpleNamespace
from typing import Any

from shipway.engines.docker.containers import Containers


class Patient(Containers):
    """Each end takes until the next turn of the loop, and the container is gone after the first."""

    told = 0
    together = 0

    async def end(self, container: Any, grace: float) -> bool:
        self.together += 1
        assert self.together == 1, "a second SIGTERM while the app was ending"
        await asyncio.sleep(0)
        self.together -= 1
        self.told += 1
        return False


async def test_stops_of_one_name_come_one_after_the_other() -> None:
    docker = SimpleNamespace(containers=SimpleNamespace(container=lambda name: name))
    nothing: Any = SimpleNamespace(docker=docker, release=lambda name: None)
    containers = Patient(nothing, "test", nothing, nothing, volumes=nothing, mounts=nothing)
    await asyncio.gather(*(containers.remove("app.web.1", 10) for _ in range(3)))
    assert containers.told == 3
