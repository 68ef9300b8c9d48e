"""All sandboxes of an installation: brought up when a build needs one, let go when nobody has for a while."""

import asyncio
import hashlib
import json
import shutil
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import aiodocker

from shipway.builders.docker_api import connect
from shipway.builders.sandbox.container import OWNER, WORKSPACE, Plan
from shipway.builders.sandbox.doors import Doors, open_doors
from shipway.builders.sandbox.limits import Limits
from shipway.builders.sandbox.priority import PERIOD, Priority, parent
from shipway.builders.sandbox.sandbox import Sandbox, wait_for
from shipway.builders.workbench import ca_bundle, host_bundle
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log

#: Seconds for its daemon to come up.
_PATIENCE = 120.0
#: Where sockets are. The home may be too deep for one: the kernel takes 107 bytes of a socket's path (unix(7)).
_RUNTIME = Path("/run/shipway")
#: Seconds without a build after which one is stopped; its disk stays.
IDLE = 600.0


@dataclass(slots=True)
class _Known:
    """What this process knows of a workspace's sandbox."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)
    #: Process that the doors were opened for; another one means that the sandbox was started anew.
    pid: int = 0
    doors: Doors | None = None


class Sandboxes:
    """May be used concurrently. What runs in them is nobody else's: a restart of Shipway finds them as they are."""

    def __init__(
        self,
        home: Path,
        installation: str,
        limits: Limits,
        image: Callable[[Log], Awaitable[str]],
        *,
        docker_host: str = "",
        ports: Sequence[int] = (),
        extra_ca: Path | None = None,
        proxies: Mapping[str, str] | None = None,
        mirror: str = "",
        idle: float = IDLE,
    ) -> None:
        """`image` returns the reference of the image with the daemon, which the engine has by then. `ports` are those of
        this machine's loopback that pushes need. `extra_ca`: PEM file that the daemons trust besides this machine's own
        certificates. `proxies`: variables for their downloads. `mirror`: URL of a cache of Docker Hub. `idle`: see `tidy`,
        in seconds."""
        self._home = home / "sandboxes"
        self._installation = installation
        self._limits = limits
        self._image = image
        self._docker_host = docker_host
        self._ports = ports
        self._extra_ca = extra_ca
        self._proxies = proxies or {}
        self._mirror = mirror
        self._idle = idle
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._known: defaultdict[str, _Known] = defaultdict(_Known)
        self._priority: Priority | None = None

    @property
    def limits(self) -> Limits:
        """What each build in them may use."""
        return self._limits

    @asynccontextmanager
    async def slot(self, log: Log) -> AsyncIterator[None]:
        """A place among the builds that may run at the same time; waits for one, saying so."""
        if self._slots.locked():
            log(f"waiting: {self._limits.concurrency} builds are running on this machine already")
        async with self._slots:
            yield

    @asynccontextmanager
    async def entered(self, workspace: str, log: Log) -> AsyncIterator[Sandbox]:
        """The workspace's sandbox, running as long as the block lasts. Raises `Unavailable` with why it can't be had."""
        known = self._known[workspace]
        known.users += 1
        watching = asyncio.create_task(self._watch())
        try:
            async with known.lock:
                sandbox = await self._up(workspace, known, log)
            yield sandbox
        finally:
            watching.cancel()
            known.users -= 1
            known.last_used = time.monotonic()

    async def make_room(self, sandbox: Sandbox) -> None:
        """Empty the disk of a sandbox that was entered; while others are in it too, of nothing that they may need."""
        known = self._known[sandbox.plan.workspace]
        async with known.lock:  # nobody else enters meanwhile
            await sandbox.prune(images=known.users == 1)

    async def tidy(self) -> None:
        """Stop those that had nothing to do for `idle` seconds, counted from our own start for those found running."""
        async with connect(self._docker_host) as docker:
            for container in await docker.containers.list(filters=self._filter(running=True)):
                workspace = container["Labels"][WORKSPACE]
                known = self._known[workspace]
                async with known.lock:
                    if not known.users and time.monotonic() - known.last_used > self._idle:
                        await self._stop(docker, f"{self._installation}.sandbox.{workspace}", known)

    async def stop_all(self) -> None:
        """Stop all of them; disks and caches stay."""
        async with connect(self._docker_host) as docker:
            for container in await docker.containers.list(filters=self._filter(running=True)):
                workspace = container["Labels"][WORKSPACE]
                await self._stop(docker, f"{self._installation}.sandbox.{workspace}", self._known[workspace])
            (await self._prioritized(docker)).remove()

    async def remove(self, workspace: str = "") -> None:
        """Remove a workspace's sandbox with its disk, or all of this installation's."""
        async with connect(self._docker_host) as docker:
            for container in await docker.containers.list(all=True, filters=self._filter()):
                if workspace in ("", owner := container["Labels"][WORKSPACE]):
                    await self._stop(docker, "", self._known[owner])
                    await container.delete(force=True)
                    shutil.rmtree(self._shared(owner), ignore_errors=True)
            filters = urlencode({"filters": json.dumps(self._filter())})
            for volume in (await docker._query_json(f"volumes?{filters}"))["Volumes"] or ():
                if workspace in ("", volume["Labels"][WORKSPACE]):
                    async with docker._query(f"volumes/{volume['Name']}", "DELETE"):
                        pass
            (await self._prioritized(docker)).remove()

    async def close(self) -> None:
        """Close the doors; sandboxes go on running, idle."""
        for known in self._known.values():
            if known.doors:
                known.doors.close()
                known.doors, known.pid = None, 0

    def _filter(self, *, running: bool = False) -> dict[str, list[str]]:
        return {"label": [f"{OWNER}={self._installation}"]} | ({"status": ["running"]} if running else {})

    async def _up(self, workspace: str, known: _Known, log: Log) -> Sandbox:
        plan = await self._plan(workspace, log)
        sandbox = Sandbox(plan, self._docker_host)
        plan.shared.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            async with connect(self._docker_host) as docker:
                await _ensure_image(docker, plan.image, log)
                await _ensure_container(docker, plan, replaceable=known.users == 1)
            pid = await wait_for(sandbox, _PATIENCE)
        except aiodocker.DockerError as error:
            raise Unavailable(f"The build sandbox could not be started: {error.message}") from error
        if self._priority:
            self._priority.settle(log)
        if pid != known.pid:
            if known.doors:
                known.doors.close()
            known.doors, known.pid = await open_doors(pid, self._ports), pid
        return sandbox

    async def _plan(self, workspace: str, log: Log) -> Plan:
        shared, image, trusted = self._shared(workspace), await self._image(log), self._trusted()
        async with connect(self._docker_host) as docker:
            above = await self._prioritized(docker)
        plan = Plan(self._installation, workspace, image, shared, self._limits, self._proxies, trusted, self._mirror)
        return replace(plan, parent=above.name) if above.possible else plan

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(PERIOD)
            if self._priority:
                self._priority.judge()

    async def _prioritized(self, docker: aiodocker.Docker) -> Priority:
        if self._priority is None:
            self._priority = Priority(parent(self._installation, (await docker.system.info()).get("CgroupDriver", "")))
        return self._priority

    def _shared(self, workspace: str) -> Path:
        return _RUNTIME / f"{self._installation}.{workspace}"

    def _trusted(self) -> Path | None:
        """The bundle for daemons. One of ours has its content in its name: with another content, another container is made."""
        if self._extra_ca is None:
            return host_bundle()
        text = ca_bundle(self._extra_ca)
        path = self._home / f"ca-{hashlib.sha256(text.encode()).hexdigest()[:12]}.pem"
        if not path.exists():  # a daemon may be reading it
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = path.with_suffix(".new")
            unfinished.write_text(text)
            unfinished.replace(path)
        return path

    async def _stop(self, docker: aiodocker.Docker, name: str, known: _Known) -> None:
        if known.doors:
            known.doors.close()
        known.doors, known.pid = None, 0
        if name:
            with suppress(aiodocker.DockerError):
                await docker.containers.container(name).stop(t=10)


async def _ensure_image(docker: aiodocker.Docker, image: str, log: Log) -> None:
    """One of ours is there; an official one has to be pulled once."""
    try:
        await docker.images.inspect(image)
    except aiodocker.DockerError as error:
        if error.status != 404:
            raise
        log(f"pulling {image}, which builds run in, once")
        await docker.images.pull(image)


async def _ensure_container(docker: aiodocker.Docker, plan: Plan, *, replaceable: bool) -> None:
    """Make sure that the container runs; one that was made by another plan is made anew when nobody builds in it."""
    container = docker.containers.container(plan.name)
    try:
        inspection = await container.show()
    except aiodocker.DockerError as error:
        if error.status != 404:
            raise
        inspection = None
    if inspection and replaceable and not plan.made(inspection):
        await container.delete(force=True)
        inspection = None
    if inspection is None:
        volume = {"Name": plan.name, "Labels": {OWNER: plan.installation, WORKSPACE: plan.workspace}}
        await docker._query_json("volumes/create", "POST", data=volume)
        container = await docker.containers.create(plan.config(), name=plan.name)
    if not (inspection and inspection["State"]["Running"]):
        plan.socket.unlink(missing_ok=True)
        await container.start()
