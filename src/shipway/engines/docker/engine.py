"""The Docker engine: the port's verbs on one Docker, for one installation."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiodocker import DockerError

from shipway.domain.capacity import Capacity
from shipway.domain.credential import Credential
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log
from shipway.domain.session import Window
from shipway.domain.workload import Executed, Handed, Instance, InstanceEvent, LogLine, Socket, Workload
from shipway.engines.docker import labels, logs, oneoff, render, sockets, terminals
from shipway.engines.docker.commands import Commands
from shipway.engines.docker.connection import Connection, at_the_edge, translated
from shipway.engines.docker.containers import Containers
from shipway.engines.docker.images import Credentials, Images
from shipway.engines.docker.mounts import Mounts
from shipway.engines.docker.networks import Networks
from shipway.engines.docker.volumes import Volumes
from shipway.engines.sessions import Session

#: Seconds in which a healthy engine answers a ping.
_PING_TIMEOUT = 10
#: Containers looked at side by side.
_INSPECTIONS = 16


def _no_credential(_reference: str) -> Credential | None:
    return None


class DockerEngine:
    """`Engine` with all its optional abilities on Docker.

    Containers, networks and volumes are named `{installation}.{name}` and labelled with the installation: others on the same
    Docker are neither seen nor touched. `credentials` gives what an image of the built-in registry is pulled with; file sets
    are kept in `home`, the installation's own directory on Docker's machine.
    """

    def __init__(
        self,
        installation: str,
        docker_host: str = "",
        network_pool: str = "10.201.0.0/16",
        credentials: Credentials | None = None,
        *,
        home: Path,
    ) -> None:
        self._installation = installation
        self._connection = Connection(docker_host)
        self._capacity: Capacity | None = None
        self._images = Images(self._connection, credentials or _no_credential)
        self._networks = Networks(self._connection, installation, network_pool)
        self._volumes = Volumes(self._connection, installation)
        self._mounts = Mounts(home / "files")
        self._containers = Containers(
            self._connection, installation, self._images, self._networks, volumes=self._volumes, mounts=self._mounts
        )
        self._commands = Commands()

    @at_the_edge
    async def check(self) -> None:
        """See `Engine.check`."""
        async with asyncio.timeout(_PING_TIMEOUT):
            await self._connection.docker.version()

    @at_the_edge
    async def capacity(self) -> Capacity:
        """See `Engine.capacity`."""
        if self._capacity is None:
            info = await self._connection.docker.system.info()
            self._capacity = Capacity(memory=info["MemTotal"], cpus=float(info["NCPU"]))
        return self._capacity

    @at_the_edge
    async def start(self, workload: Workload) -> Instance:
        """See `Engine.start`."""
        return await self._containers.ensure(workload)

    @at_the_edge
    async def stop(self, name: str, grace: float) -> None:
        """See `Engine.stop`."""
        await self._containers.remove(name, grace)

    @at_the_edge
    async def restart(self, name: str, grace: float) -> None:
        """See `Engine.restart`."""
        await self._containers.restart(name, grace)

    @at_the_edge
    async def instances(self, *, service: str = "", deployment: str = "") -> list[Instance]:
        """See `Engine.instances`."""
        return await self._labelled(service=service, deployment=deployment, one_off="false")

    @at_the_edge
    async def one_offs(self, *, service: str = "") -> list[Instance]:
        """See `Attaches.one_offs`."""
        return await self._labelled(service=service, deployment="", one_off="true")

    def attach(self, workload: Workload, window: Window | None) -> AbstractAsyncContextManager[Session]:
        """See `Attaches.attach`."""
        return terminals.attach(self._containers, workload, window)

    def enter(self, name: str, command: Sequence[str], window: Window | None) -> AbstractAsyncContextManager[Session]:
        """See `Executes.enter`."""
        return terminals.enter(self._containers.named(name), self._commands, command, window)

    async def _labelled(self, *, service: str, deployment: str, one_off: str) -> list[Instance]:
        wanted = {labels.SERVICE: service, labels.DEPLOYMENT: deployment, labels.ONE_OFF: one_off}
        filters = {"label": [self._label, *(f"{label}={value}" for label, value in wanted.items() if value)]}
        found = await self._connection.docker.containers.list(all=True, filters=json.dumps(filters))
        limit = asyncio.Semaphore(_INSPECTIONS)
        seen = await asyncio.gather(*(self._inspect(container.id, limit) for container in found))
        return sorted((instance for instance in seen if instance), key=lambda instance: instance.name)

    @at_the_edge
    async def run(self, workload: Workload, log: Log, timeout: float) -> int:
        """See `Engine.run`. The finished container is what makes a second call harmless."""
        begun = await self._containers.ensure(workload, one_off=True)
        container = self._containers.named(workload.name)
        try:
            async with asyncio.timeout(oneoff.remaining(begun, timeout, datetime.now(UTC))):
                return await oneoff.attend(container, self.logs(workload.name, follow=True), log)
        except TimeoutError:
            await self._containers.end(container, workload.stop_grace)
            raise oneoff.timed_out(workload, timeout) from None

    @at_the_edge
    async def execute(self, name: str, command: Sequence[str], timeout: float) -> Executed | None:
        """See `Engine.execute`."""
        return await self._commands.execute(self._containers.named(name), command, timeout)

    async def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> AsyncIterator[LogLine]:
        """See `Engine.logs`."""
        with translated():
            container = self._containers.named(name)
            settled = partial(self._containers.settled, name)
            read = logs.read(self._connection, container, name, follow=follow, tail=tail, settled=settled)
            async with aclosing(read) as lines:
                async for line in lines:
                    yield line

    def events(self) -> AsyncIterator[InstanceEvent]:
        """See `Engine.events`: what happens from this call on is told, however late the first event is asked for."""
        return self._events(since=time.time())

    async def _events(self, since: float) -> AsyncIterator[InstanceEvent]:
        filters = {"type": ["container"], "event": ["start", "die"], "label": [self._label]}
        with translated():
            async with aclosing(self._connection.events(filters, since)) as messages:
                async for message in messages:
                    if event := render.event(message):
                        yield event
        raise Unavailable("Docker has gone away.", hint="See Docker's own log.")

    async def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """See `FileSets.publish`."""
        await self._mounts.publish(name, files)

    async def withdraw(self, name: str) -> None:
        """See `FileSets.withdraw`."""
        await self._mounts.withdraw(name)

    async def file_sets(self) -> set[str]:
        """See `FileSets.file_sets`."""
        return await self._mounts.names()

    @at_the_edge
    async def remove_network(self, network: str) -> None:
        """See `Engine.remove_network`."""
        await self._networks.remove(network)

    @at_the_edge
    async def listening(self, name: str) -> list[Socket] | None:
        """See `InspectsSockets.listening`: `None` when it does not run, or not on this machine, or needs more rights."""
        try:
            seen = await self._containers.named(name).show()
        except DockerError as error:
            if error.status != 404:
                raise
            return None
        return await asyncio.to_thread(_listening, seen["State"]["Pid"], seen["Id"])

    @at_the_edge
    async def handed(self, name: str) -> Handed | None:
        """See `TellsWhatItHanded.handed`."""
        return await self._containers.handed(name)

    @at_the_edge
    async def resolve_image(self, reference: str) -> tuple[str, int]:
        """See `InspectsImages.resolve_image`."""
        return await self._images.resolve(reference)

    @at_the_edge
    async def remove_image(self, reference: str) -> bool:
        """See `KeepsImages.remove_image`."""
        return await self._images.remove(reference)

    @at_the_edge
    async def remove_volume(self, volume: str) -> bool:
        """See `KeepsVolumes.remove_volume`."""
        return await self._volumes.remove(volume)

    @at_the_edge
    async def volume_sizes(self) -> Mapping[str, int]:
        """See `KeepsVolumes.volume_sizes`."""
        return await self._volumes.sizes()

    async def close(self) -> None:
        """See `Engine.close`."""
        await self._connection.close()

    @property
    def _label(self) -> str:
        return f"{labels.INSTALLATION}={self._installation}"

    async def _inspect(self, container: str, limit: asyncio.Semaphore) -> Instance | None:
        try:
            async with limit:
                return render.instance(await self._show(container))
        except DockerError as error:
            if error.status != 404:
                raise
            return None

    async def _show(self, container: str) -> dict[str, Any]:
        return await self._connection.docker.containers.container(container).show()


def _listening(pid: int, container: str) -> list[Socket] | None:
    """Read the sockets of a container's namespace, having made sure that `pid` is that container's and not, with an
    engine elsewhere, some process of this machine."""
    process = Path(f"/proc/{pid}")
    try:
        if not pid or container not in (process / "cgroup").read_text():
            return None
        tcp6 = process / "net/tcp6"  # Absent where the kernel has no IPv6.
        return sockets.listening((process / "net/tcp").read_text(), tcp6.read_text() if tcp6.exists() else "")
    except OSError:
        return None
