"""An engine in memory, for tests: apps follow a script, and any effect can be made to fail or to crash the caller.

It passes the same contract suite as the real one. Instances have addresses, and `request` is what a prober would see.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Literal

from shipway.domain.capacity import Capacity
from shipway.domain.errors import DeployFailed, Unavailable
from shipway.domain.log import Log
from shipway.domain.workload import Executed, Handed, Instance, InstanceEvent, LogLine, Socket, Workload
from shipway.engines.fake_apps import (
    KILLED,
    Behaviour,
    Container,
    exits,
    ignores_sigterm,
    listens_on,
    never_listens,
    serves,
)
from shipway.engines.fake_events import FakeEvents
from shipway.engines.fake_files import FakeFileSets
from shipway.engines.fake_images import FakeImages
from shipway.engines.fake_sessions import FakeSessions
from shipway.engines.fake_volumes import FakeVolumes

__all__ = ["Behaviour", "FakeEngine", "Intercept", "exits", "ignores_sigterm", "listens_on", "never_listens", "serves"]

#: Called with the verb and `before` or `after` its effect; what it raises reaches the verb's caller.
Intercept = Callable[[str, Literal["before", "after"]], Awaitable[None]]
Script = Callable[[Workload], Behaviour]


class FakeEngine(FakeFileSets, FakeImages, FakeSessions):
    """The `Engine`, with all its optional abilities, without an engine. What it runs outlives its callers' crashes."""

    def __init__(self) -> None:
        super().__init__()
        #: Script by image, or by image and process type; any other app serves 200. One-offs go by
        #: `(image, process)` alone, and any other ends well.
        self.behaviours: dict[str | tuple[str, str], Behaviour] = {}
        #: Where it is set, the script of every app by what it is started with, before any of `behaviours`.
        self.script: Script | None = None
        self.intercept: Intercept | None = None
        #: While false every call raises `Unavailable`, and what runs goes on running.
        self.available = True
        self.machine = Capacity(memory=64 * 2**30, cpus=4)
        self.networks: set[str] = set()
        self._containers: dict[str, Container] = {}
        self.volumes = FakeVolumes(self._containers)
        self._last_address = IPv4Address("10.200.0.1")
        self._events = FakeEvents()

    async def request(self, address: str, port: int, path: str) -> int | None:
        """The HTTP status that a prober at `address` and `port` would see, or `None` when the connection is refused."""
        for container in self._containers.values():
            if container.address == address and container.port == port and container.listens():
                behaviour = container.behaviour
                reachable = not Socket(behaviour.address, port).loopback
                return behaviour.paths.get(path, behaviour.status) if reachable else None
        return None

    def files(self, name: str) -> dict[str, bytes]:
        """What an instance sees below `/etc/config`."""
        return self.published.get(self._containers[name].workload.files, {})

    def crash(self, name: str, code: int = KILLED) -> None:
        """End an instance's app from outside, as a bug or the kernel would."""
        self._containers[name].exit(code)

    def behave(self, name: str, behaviour: Behaviour) -> None:
        """Let a running instance's app do something else from now on, until it is started again."""
        self._containers[name].behave(behaviour)

    def executing(self, name: str) -> int:
        """Commands that run inside an instance now."""
        return self._containers[name].executing

    def secret_files(self, name: str) -> Mapping[str, str] | None:
        """What an instance finds under `/run/secrets`; `None` when that got lost."""
        return self._containers[name].secret_files

    def lose_secret_files(self, name: str) -> None:
        """As a reboot does, while the instance is not told."""
        self._containers[name].secret_files = None

    def workload(self, name: str) -> Workload:
        """What an instance was started as."""
        return self._containers[name].workload

    def go_away(self) -> None:
        """Stop answering, and end every event stream, until `available` is set again."""
        self.available = False
        self._events.end()

    async def check(self) -> None:
        """See `Engine.check`."""
        self._reach()

    async def capacity(self) -> Capacity:
        """See `Engine.capacity`."""
        self._reach()
        return self.machine

    async def start(self, workload: Workload) -> Instance:
        """See `Engine.start`."""
        async with self._effect("start"):
            self.volumes.refuse_a_second(workload)
            container = self._ensure(workload, one_off=False)
            container.workload = replace(container.workload, restart=workload.restart)
            if container.state == "exited" and workload.restart:
                container.secret_files = dict(workload.secret_files)
                container.begin()
            return container.seen()

    async def stop(self, name: str, grace: float) -> None:
        """See `Engine.stop`."""
        async with self._effect("stop"):
            if container := self._containers.get(name):
                await container.end(grace)
                self._containers.pop(name, None)

    async def restart(self, name: str, grace: float) -> None:
        """See `Engine.restart`."""
        async with self._effect("restart"):
            if container := self._containers.get(name):
                await container.halt(grace, "starting")
                container.begin()

    async def instances(self, *, service: str = "", deployment: str = "") -> list[Instance]:
        """See `Engine.instances`."""
        self._reach()
        found = [container.seen() for container in self._containers.values() if not container.one_off]
        wanted = [i for i in found if service in ("", i.owner.service) and deployment in ("", i.owner.deployment)]
        return sorted(wanted, key=lambda instance: instance.name)

    async def one_offs(self, *, service: str = "") -> list[Instance]:
        """See `Attaches.one_offs`."""
        self._reach()
        found = [container.seen() for container in self._containers.values() if container.one_off]
        return sorted((i for i in found if service in ("", i.owner.service)), key=lambda instance: instance.name)

    async def run(self, workload: Workload, log: Log, timeout: float) -> int:
        """See `Engine.run`."""
        async with self._effect("run"):
            container = self._ensure(workload, one_off=True)
            try:
                async with asyncio.timeout(timeout):
                    async for line in self.logs(workload.name, follow=True):
                        log(line.text)
            except TimeoutError:
                await container.end(workload.stop_grace)
                raise DeployFailed(f"{workload.name} did not end within {timeout:g} s.", code="timeout") from None
        return container.exit_code or 0

    async def execute(self, name: str, command: Sequence[str], timeout: float) -> Executed | None:
        """See `Engine.execute`."""
        async with self._effect("execute"):
            container = self._containers.get(name)
            return await container.execute(tuple(command), timeout) if container else None

    async def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> AsyncIterator[LogLine]:
        """See `Engine.logs`."""
        self._reach()
        container = self._containers.get(name)
        if container is None:
            return
        told = 0 if tail is None else max(0, len(container.lines) - tail)
        while True:
            news, over = container.news, container.over
            for line in container.lines[told:]:
                told += 1
                yield line
            if over or not follow:
                return
            await news.wait()

    def events(self) -> AsyncIterator[InstanceEvent]:
        """See `Engine.events`."""
        return self._events.heard()

    async def remove_network(self, network: str) -> None:
        """See `Engine.remove_network`."""
        async with self._effect("remove_network"):
            if all(container.workload.network != network for container in self._containers.values()):
                self.networks.discard(network)

    async def listening(self, name: str) -> list[Socket] | None:
        """See `InspectsSockets.listening`."""
        self._reach()
        container = self._containers.get(name)
        if container is None or container.state != "running":
            return None
        return [Socket(container.behaviour.address, container.port)] if container.listens() else []

    async def handed(self, name: str) -> Handed | None:
        """See `TellsWhatItHanded.handed`."""
        self._reach()
        container = self._containers.get(name)
        return Handed(container.workload.environment, container.secret_files or {}) if container else None

    async def remove_volume(self, volume: str) -> bool:
        """See `KeepsVolumes.remove_volume`."""
        async with self._effect("remove_volume"):
            return self.volumes.remove(volume)

    async def volume_sizes(self) -> Mapping[str, int]:
        """See `KeepsVolumes.volume_sizes`."""
        self._reach()
        return self.volumes.sizes()

    async def close(self) -> None:
        """See `Engine.close`."""

    @asynccontextmanager
    async def _effect(self, verb: str) -> AsyncIterator[None]:
        if self.intercept:
            await self.intercept(verb, "before")
        self._reach()
        # Others get their turn, as they would while a real engine works.
        await asyncio.sleep(0)
        yield
        if self.intercept:
            await self.intercept(verb, "after")

    def _reach(self) -> None:
        if not self.available:
            raise Unavailable("The engine has gone away.", hint="Set `available`.")

    def _ensure(self, workload: Workload, *, one_off: bool) -> Container:
        if workload.name not in self._containers:
            self._pull(workload.image)
            self.networks.add(workload.network)
            self.volumes.make(workload)
            if workload.files:
                self.published.setdefault(workload.files, {})
            # An address that nobody ever had, so that a stale one reaches nobody.
            self._last_address += 1
            behaviour = self._behaviour(workload, one_off=one_off)
            container = Container(workload, behaviour, str(self._last_address), one_off, self._events.announce)
            self._containers[workload.name] = container
            container.secret_files = dict(workload.secret_files)
            container.begin()
        return self._containers[workload.name]

    def _behaviour(self, workload: Workload, *, one_off: bool) -> Behaviour:
        if workload.attached:
            return never_listens()  # It runs for as long as its program does.
        if self.script:
            return self.script(workload)
        image = self._asked_as(workload.image)
        if scripted := self.behaviours.get((image, workload.owner.process)):
            return scripted
        return exits(0) if one_off else self.behaviours.get(image, serves())
