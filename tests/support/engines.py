"""Labs for the engine contract: the same apps on the fake engine and on the real one."""

import asyncio
import base64
import math
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

from tests.support.docker import commands_inside, docker_engine, execute, inspect, kill_app, unique_installation
from tests.support.images import BUSYBOX, ensure_test_image
from tests.support.pulls import static_registry

from shipway.domain.process import Resources
from shipway.domain.workload import Instance, InstanceEvent, Owner, Workload
from shipway.engines.docker.engine import DockerEngine
from shipway.engines.engine import Engine
from shipway.engines.fake import Behaviour, FakeEngine, never_listens

PORT = 8080
#: Seconds that a test waits for what takes a fraction of one, on a machine with other things to do.
PATIENCE = 20


class Lab(Protocol):
    """An engine, and what a test needs around it."""

    @property
    def engine(self) -> Engine:
        """The engine under test."""

    def workload(self, name: str = "app.web.1", app: Behaviour | None = None, **fields: Any) -> Workload:
        """A workload whose app behaves as told; by default it does nothing for ever."""

    async def crash(self, name: str) -> None:
        """End the instance's app as a bug would."""

    async def executing(self, name: str) -> int:
        """How many commands, and what they have started, run inside the instance besides its app."""

    async def answers(self, address: str, port: int = PORT) -> bool:
        """Whether a TCP connection to it is accepted."""

    async def files(self, name: str) -> dict[str, str]:
        """What an instance can read below `/etc/config`, by the names that it finds there."""

    async def secret_file(self, name: str, file: str) -> str:
        """What the app of a running instance reads there."""

    async def lose_secret_files(self, name: str) -> None:
        """Let them be gone, as all that is in memory is after a reboot."""


class FakeLab:
    """The fake engine."""

    def __init__(self) -> None:
        self.engine = FakeEngine()

    def workload(self, name: str = "app.web.1", app: Behaviour | None = None, **fields: Any) -> Workload:
        image = f"fake/{secrets.token_hex(4)}@sha256:1"
        workload = _workload(name, image, fields)
        self.engine.behaviours[image, workload.owner.process] = app or never_listens()
        return workload

    async def crash(self, name: str) -> None:
        self.engine.crash(name)

    async def executing(self, name: str) -> int:
        return self.engine.executing(name)

    async def answers(self, address: str, port: int = PORT) -> bool:
        return await self.engine.request(address, port, "/") is not None

    async def files(self, name: str) -> dict[str, str]:
        return {path: content.decode() for path, content in self.engine.files(name).items()}

    async def secret_file(self, name: str, file: str) -> str:
        return (self.engine.secret_files(name) or {})[file]

    async def lose_secret_files(self, name: str) -> None:
        self.engine.lose_secret_files(name)


class DockerLab:
    """The real engine; each app becomes a few lines of shell in the test image."""

    def __init__(self, engine: DockerEngine, installation: str) -> None:
        self.engine = engine
        self.installation = installation

    def workload(self, name: str = "app.web.1", app: Behaviour | None = None, **fields: Any) -> Workload:
        script = _script(app or never_listens())
        return _workload(name, BUSYBOX, {"command": ("/bin/sh", "-c", script)} | fields)

    def container(self, name: str) -> str:
        """The container's name on Docker."""
        return f"{self.installation}.{name}"

    async def crash(self, name: str) -> None:
        await kill_app(self.container(name))

    async def executing(self, name: str) -> int:
        return await commands_inside(self.container(name))

    async def answers(self, address: str, port: int = PORT) -> bool:
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(address, port)
        except OSError:
            return False
        writer.close()
        return True

    async def files(self, name: str) -> dict[str, str]:
        script = "cd /etc/config && find -L * -type f -exec sh -c 'echo {} $(base64 {} | tr -d \\\\n)' ';' 2>/dev/null"
        listed = (await execute(self.container(name), "sh", "-c", script)).splitlines()
        pairs = (line.partition(" ") for line in listed)
        return {path: base64.b64decode(content).decode() for path, _, content in pairs}

    async def secret_file(self, name: str, file: str) -> str:
        return await execute(self.container(name), "cat", f"/run/secrets/{file}")

    async def lose_secret_files(self, name: str) -> None:
        mounts = (await inspect(self.container(name)))["Mounts"]
        shutil.rmtree(next(mount["Source"] for mount in mounts if mount["Destination"] == "/run/secrets"))


@asynccontextmanager
async def docker_lab() -> AsyncIterator[DockerLab]:
    """A lab on the real Docker, of which nothing is left afterwards."""
    await ensure_test_image()
    installation = unique_installation()
    async with docker_engine(installation) as engine:
        yield DockerLab(engine, installation)


def _workload(name: str, image: str, fields: dict[str, Any]) -> Workload:
    workload = Workload(
        name=name,
        owner=Owner("svc_1", "dep_1", "web", "acme/shop/production/app", 3),
        image=image,
        command=None,
        environment={"PORT": str(PORT)},
        network="acme.shop.production",
        resources=Resources(memory=64 * 1024 * 1024, cpus=1.0, pids=64),
    )
    return replace(workload, **fields)


def _script(app: Behaviour) -> str:
    lines = [f"echo '{text}'" for text in app.output] + [f"echo '{text}' >&2" for text in app.errors]
    if math.isinf(app.shutdown):
        lines.append("trap '' TERM")
    if app.oom_killed:
        lines.append("tail /dev/zero")
    elif app.exit_code is not None:
        lines.append(f"sleep {app.after}; exit {app.exit_code}")
    elif app.address:
        lines.append(f"sleep {app.boot}; httpd -f -p {app.address}:{app.port or '$PORT'} -h /www")
    else:
        lines.append("sleep 86400")
    return "\n".join(lines)


async def exit_of(name: str, events: AsyncIterator[InstanceEvent]) -> InstanceEvent:
    return await event("exited", name, events)


async def event(kind: str, name: str, events: AsyncIterator[InstanceEvent]) -> InstanceEvent:
    async with asyncio.timeout(PATIENCE):
        async for seen in events:
            if (seen.name, seen.kind) == (name, kind):
                return seen
    raise AssertionError("the events ended")


async def only(lab: Lab) -> Instance:
    [instance] = await lab.engine.instances()
    return instance


async def lines_of(lab: Lab, name: str, **options: Any) -> list[tuple[str, str]]:
    async with asyncio.timeout(PATIENCE):
        return [(line.stream, line.text) async for line in lab.engine.logs(name, **options)]


async def until_it_answers(lab: Lab, address: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await lab.answers(address):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def unknown_image(lab: Lab) -> AsyncIterator[str]:
    """A reference that leads to no image, while its registry answers."""
    if isinstance(lab, FakeLab):
        lab.engine.missing_images.add("fake/nothing:1")
        yield "fake/nothing:1"
    else:
        async with static_registry() as registry:
            yield f"{registry.host}/acme/nothing@sha256:{'0' * 64}"
