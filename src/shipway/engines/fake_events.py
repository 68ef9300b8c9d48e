"""Events in memory: what the fake engine tells of its instances."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

from shipway.domain.errors import Unavailable
from shipway.domain.workload import InstanceEvent
from shipway.engines.fake_apps import Container


class FakeEvents:
    """Whoever listens hears of every instance from then on, until the engine goes away."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Queue[InstanceEvent | None]] = []

    def announce(self, container: Container, kind: Literal["started", "exited"]) -> None:
        """Tell of a container; of a one-off nobody is told."""
        if container.one_off:
            return
        code = container.exit_code if kind == "exited" else None
        for listener in self._listeners:
            listener.put_nowait(InstanceEvent(container.workload.name, container.workload.owner, kind, code))

    def end(self) -> None:
        """End every stream, as an engine does that goes away."""
        for listener in self._listeners:
            listener.put_nowait(None)

    def heard(self) -> AsyncIterator[InstanceEvent]:
        """See `Engine.events`."""
        listener: asyncio.Queue[InstanceEvent | None] = asyncio.Queue()
        self._listeners.append(listener)
        return self._told(listener)

    async def _told(self, listener: asyncio.Queue[InstanceEvent | None]) -> AsyncIterator[InstanceEvent]:
        try:
            while event := await listener.get():
                yield event
        finally:
            self._listeners.remove(listener)
        raise Unavailable("The engine has gone away.", hint="Set `available`.")
