"""The real Docker for tests: an engine of an installation of its own, of which nothing is left afterwards."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiodocker

from shipway.domain.credential import Credential
from shipway.engines.docker.engine import DockerEngine
from shipway.engines.docker.secret_files import PLACES


def unique_installation() -> str:
    """A name that no other installation on this Docker has."""
    return f"t{secrets.token_hex(4)}"


@asynccontextmanager
async def docker_engine(
    installation: str = "",
    *,
    network_pool: str = "10.201.0.0/16",
    credentials: Callable[[str], Credential | None] | None = None,
    docker_host: str = "",
) -> AsyncIterator[DockerEngine]:
    """A Docker engine of `installation` (a unique one when empty); on leaving, all that is labelled with it is removed."""
    installation = installation or unique_installation()
    with TemporaryDirectory(prefix="shipway-test-") as home:
        engine = DockerEngine(installation, docker_host, network_pool, credentials, home=Path(home))
        try:
            yield engine
        finally:
            await engine.close()
            await remove_all(installation)


async def remove_all(installation: str) -> None:
    """Remove the containers, volumes, networks and secret files of that installation, and of no other."""
    filters = {"label": [f"shipway.installation={installation}"]}
    async with aiodocker.Docker() as docker:
        for container in await docker.containers.list(all=True, filters=json.dumps(filters)):
            await container.delete(force=True, v=True)
        for volume in (await docker.volumes.list(filters=filters))["Volumes"] or ():
            await docker._query_json(f"volumes/{volume['Name']}", "DELETE")
        for network in await docker.networks.list(filters=filters):
            await (await docker.networks.get(network["Id"])).delete()
    for directory in (each for place in PLACES for each in place.glob(f"{installation}.*")):
        shutil.rmtree(directory)


async def inspect(container: str) -> dict[str, Any]:
    """What Docker says of a container by its full name, `{installation}.{workload}`."""
    async with aiodocker.Docker() as docker:
        return await docker.containers.container(container).show()


async def execute(container: str, *command: str, user: str = "") -> str:
    """Run a command in a container, as the app's or another user of it, and return what it wrote."""
    async with aiodocker.Docker() as docker:
        run = await docker.containers.container(container).exec(command, user=user)
        written = b""
        async with run.start() as stream:
            while message := await stream.read_out():
                written += message.data
        return written.decode()


async def kill_app(container: str) -> None:
    """SIGKILL what the container's init has started, as a crash of the app would end it."""
    async with aiodocker.Docker() as docker:
        init = (await docker.containers.container(container).show())["State"]["Pid"]
    async with asyncio.timeout(10):
        while not (children := _children_of(init)):
            await asyncio.sleep(0.01)
    for child in children:
        os.kill(child, signal.SIGKILL)


async def commands_inside(container: str) -> int:
    """Processes of a container that are neither its init nor of its init's own session or its app's."""
    async with aiodocker.Docker() as docker:
        init = (await docker.containers.container(container).show())["State"]["Pid"]
    cgroup = Path(f"/proc/{init}/cgroup").read_text()
    # What its init has started; a command leads a session of its own, as does the app.
    apps = {init, *_children_of(init)}
    found = 0
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdecimal() and (process / "cgroup").read_text() == cgroup:
                state, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
                found += state not in "ZX" and int(session) not in apps
    return found


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Tap:
    """A socket in front of Docker's that notes what is asked, and can be cut."""

    def __init__(self, path: Path) -> None:
        self.host = f"unix://{path}"
        self.requests: list[str] = []
        self._path = path
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._noted = asyncio.Condition()

    async def asked(self, fragment: str) -> None:
        """Return once something was asked whose method and path hold `fragment`."""
        async with asyncio.timeout(10), self._noted:
            await self._noted.wait_for(lambda: any(fragment in request for request in self.requests))

    async def open(self) -> None:
        """Pass on from now on."""
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def cut(self) -> None:
        """Be gone, with every connection."""
        if self._server:
            self._server.close()
            self._path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_unix_connection("/var/run/docker.sock")
        self._writers += [writer, ahead]
        await asyncio.gather(self._pass(reader, ahead, note=True), self._pass(behind, writer, note=False))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, note: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await source.read(65536):
                if note and (line := re.match(rb"([A-Z]+ \S+) HTTP/1.1\r\n", chunk)):
                    async with self._noted:
                        self.requests.append(line[1].decode())
                        self._noted.notify_all()
                sink.write(chunk)
                await sink.drain()
        sink.close()


@asynccontextmanager
async def tapped(directory: Path) -> AsyncIterator[Tap]:
    """An open `Tap` in `directory`."""
    tap = Tap(directory / "docker.sock")
    await tap.open()
    try:
        yield tap
    finally:
        await tap.cut()
