"""One container per workload: made to run, adopted when it is there already, removed without a trace."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from math import ceil

from aiodocker import DockerError
from aiodocker.containers import DockerContainer

from shipway.domain.errors import DeployFailed, Unavailable
from shipway.domain.locks import Locks
from shipway.domain.workload import Handed, Instance, Workload
from shipway.engines.docker import render
from shipway.engines.docker.cancellation import to_its_end
from shipway.engines.docker.connection import Connection, is_gone
from shipway.engines.docker.images import Images
from shipway.engines.docker.mounts import Mounts
from shipway.engines.docker.networks import Networks
from shipway.engines.docker.ownership import user_id
from shipway.engines.docker.secret_files import SecretFiles
from shipway.engines.docker.volumes import Volumes

#: How often the world may change under one start before it is called off.
_ATTEMPTS = 5
_IMAGE_GONE = re.compile("no such image", re.IGNORECASE)
_CONTAINER_GONE = re.compile("no such container", re.IGNORECASE)
_NETWORK_CHANGED = re.compile(r"network \S+ (not found|is ambiguous)|address already in use", re.IGNORECASE)
#: Docker's words for its own troubles; everything else it says of a start is about the workload.
_TRANSIENT = re.compile(
    "deadline exceeded|transport is closing|connection refused|no space left|resource busy", re.IGNORECASE
)

#: Called with a container that has been created, before it starts.
Before = Callable[[DockerContainer], Awaitable[None]]


class Containers:
    """What runs workloads on Docker."""

    def __init__(
        self,
        connection: Connection,
        installation: str,
        images: Images,
        networks: Networks,
        *,
        volumes: Volumes,
        mounts: Mounts,
    ) -> None:
        self._connection = connection
        self._installation = installation
        self._images = images
        self._networks = networks
        self._secret_files = SecretFiles(installation)
        self._volumes = volumes
        self._mounts = mounts
        self._starting = Locks()
        self._ending = Locks()

    def named(self, name: str) -> DockerContainer:
        """The container of the workload `name`, whether it exists or not."""
        return self._connection.docker.containers.container(render.qualified(self._installation, name))

    async def ensure(self, workload: Workload, *, one_off: bool = False, before: Before | None = None) -> Instance:
        """See `Engine.start`. Costs no more than creating and starting when image and network are known. `before` is not called
        for one that is there already."""
        async with self._starting(workload.name), self._volumes.claimed(workload):
            for _ in range(_ATTEMPTS):
                image = await self._images.ensure(workload.image)
                try:
                    if instance := await self._create_or_adopt(workload, image, one_off, before):
                        return instance
                except DockerError as error:
                    await self._recover(workload, error)
        raise Unavailable(
            f"{workload.name} could not be started: its image, network or address changed {_ATTEMPTS} times meanwhile.",
            hint="See whether another tool removes images, networks or containers of this installation.",
        )

    async def remove(self, name: str, grace: float) -> None:
        """See `Engine.stop`."""
        await self.settled(name)  # A start under way ends first, so that it leaves nothing behind.
        # One at a time: to many an app a second SIGTERM means to drop everything.
        async with self._ending(name):
            container = self.named(name)
            if await self.end(container, grace):
                await self._delete(container)
            await self._secret_files.remove(name)
            self._networks.release(name)

    async def settled(self, name: str) -> None:
        """Return when no start or restart of that name is under way here."""
        async with self._starting(name):
            pass

    async def restart(self, name: str, grace: float) -> None:
        """See `Engine.restart`. The container stays, and with it its address."""
        async with self._starting(name):
            try:
                await to_its_end(self.named(name).restart(t=ceil(grace)))
            except DockerError as error:
                if error.status != 404:
                    raise

    async def handed(self, name: str) -> Handed | None:
        """See `TellsWhatItHanded.handed`."""
        try:
            seen = await self.named(name).show()
        except DockerError as error:
            if error.status != 404:
                raise
            return None
        return Handed(render.environment(seen), await self._secret_files.read(name))

    async def end(self, container: DockerContainer, grace: float) -> bool:
        """SIGTERM, `grace` seconds, SIGKILL; what is left is kept. Whether there was such a container."""
        try:
            await container.stop(t=ceil(grace))
        except DockerError as error:
            if is_gone(error):
                raise
            # What else can't be stopped, a dead one for instance, ends by being removed.
            return error.status != 404
        return True

    async def _create_or_adopt(
        self, workload: Workload, image: render.LocalImage, one_off: bool, before: Before | None
    ) -> Instance | None:
        address = await self._networks.reserve(workload.network, workload.name)
        files = await self._mounts.ensure(workload.files) if workload.files else None
        secrets = await self._secret_files.prepare(workload.name) if workload.secret_files else None
        config = render.container(
            self._installation, workload, image, address, one_off=one_off, files=files, secrets=secrets
        )
        name = render.qualified(self._installation, workload.name)
        try:
            container = await to_its_end(self._connection.docker.containers.create(config, name=name))
        except DockerError as error:
            if error.status != 409:
                raise
            return await self._adopt(workload, image)
        await self._volumes.hand_over(container, workload, image.user)
        if before:
            await before(container)
        await self._start(container, workload, image)
        return render.started(workload, address, datetime.now(UTC))

    async def _start(self, container: DockerContainer, workload: Workload, image: render.LocalImage) -> None:
        """With its secret files, which are written anew: after a reboot there are none."""
        if workload.secret_files:
            owner = user_id(image.user, await _passwd(container) if image.user else "")
            await self._secret_files.write(workload.name, workload.secret_files, owner)
        await container.start()

    async def _adopt(self, workload: Workload, image: render.LocalImage) -> Instance | None:
        """The container that has the name already; `None` when it had to go and the name is free now."""
        container = self.named(workload.name)
        seen = await container.show()
        status = seen["State"]["Status"]
        if status in ("created", "removing", "dead"):
            # One that never started has nothing worth keeping, and its network may have changed since.
            await self._delete(container)
            return None
        wanted = render.restart_policy(workload.restart)
        if status == "exited" and not workload.restart:
            return render.instance(seen)
        if seen["HostConfig"]["RestartPolicy"]["Name"] != wanted["Name"]:
            await self._connection.post(f"containers/{seen['Id']}/update", {"RestartPolicy": wanted})
        if status == "exited":
            await self._start(container, workload, image)
            seen = await container.show()
        return render.instance(seen)

    async def _recover(self, workload: Workload, error: DockerError) -> None:
        """Return when another attempt can succeed where this one did not, else raise why it never will."""
        if is_gone(error):
            raise error
        await self._discard(workload.name)
        if _IMAGE_GONE.search(error.message):
            self._images.forget(workload.image)
        elif _NETWORK_CHANGED.search(error.message):
            self._networks.forget(workload.network)
        elif not _CONTAINER_GONE.search(error.message):
            raise _start_error(workload, error)

    async def _discard(self, name: str) -> None:
        """Remove the container when it never ran."""
        container = self.named(name)
        try:
            if (await container.show())["State"]["Status"] == "created":
                await self._delete(container)
                self._networks.release(name)
        except DockerError as error:
            if error.status != 404:
                raise

    async def _delete(self, container: DockerContainer) -> None:
        """Remove it by force, or wait until someone else's removal of it is done."""
        try:
            await container.delete(force=True, v=True)
        except DockerError as error:
            if error.status == 409:
                await self._until_removed(container)
            elif error.status != 404:
                raise

    async def _until_removed(self, container: DockerContainer) -> None:
        try:
            await container.wait(condition="removed")
        except DockerError as error:
            if error.status != 404:
                raise


async def _passwd(container: DockerContainer) -> str:
    """The image's list of users; empty where it has none."""
    try:
        archive = await container.get_archive("/etc/passwd")
    except DockerError as error:
        if error.status != 404:
            raise
        return ""
    with archive:
        file = archive.extractfile(archive.getmembers()[0])
        return file.read().decode(errors="replace") if file else ""


def _start_error(workload: Workload, error: DockerError) -> DeployFailed | Unavailable:
    if _TRANSIENT.search(error.message):
        return Unavailable(f"Docker can't start {workload.name} now: {error.message}.", hint="See Docker's own log.")
    return DeployFailed(
        f"Docker can't start {workload.name}: {error.message}.",
        code="cannot-start",
        hint="Check the command, the limits, the capabilities and the image's USER and WORKDIR.",
        evidence=(error.message,),
    )
