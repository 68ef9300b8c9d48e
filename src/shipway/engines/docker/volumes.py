"""Named volumes: made with the container that mounts them, given to the image's user, held by one instance at a time."""

import json
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import PurePosixPath

from aiodocker import DockerError
from aiodocker.containers import DockerContainer

from shipway.domain.errors import Unavailable
from shipway.domain.locks import Locks
from shipway.domain.workload import VolumeMount, Workload
from shipway.engines.docker import labels, ownership, render
from shipway.engines.docker.connection import Connection

#: Containers in these states have, or are about to have, their volumes mounted.
_HOLDING = ["running", "restarting", "paused"]
_TAR = {"Content-Type": "application/x-tar"}


class Volumes:
    """What workloads keep."""

    def __init__(self, connection: Connection, installation: str) -> None:
        self._connection = connection
        self._installation = installation
        self._locks = Locks()

    @asynccontextmanager
    async def claimed(self, workload: Workload) -> AsyncIterator[None]:
        """Start the workload inside: meanwhile no other that has one of its volumes starts here. Raises `Unavailable`
        while another runs with one of them, however that came to be."""
        async with AsyncExitStack() as stack:
            for name in sorted(mount.volume for mount in workload.volumes):
                await stack.enter_async_context(self._locks(name))
                await self._refuse_a_second(name, workload.name)
            yield

    async def hand_over(self, container: DockerContainer, workload: Workload, user: str) -> None:
        """Let the image's user write into the volumes of a container that has not been started yet.

        Docker makes the root of an empty volume root's. A container that is made and not started can be written to as an
        archive, with its volumes in place; so the directory's owner is set that way, by the numbers that the image's own
        `/etc/passwd` has. It takes no program in the image, and no image of ours beside it.
        """
        if not workload.volumes or ownership.is_root(user):
            return
        passwd, group = await self._text(container, "/etc/passwd"), await self._text(container, "/etc/group")
        owner = ownership.resolve(user, passwd, group)
        if owner is None:
            return
        for mount in workload.volumes:
            if (seen := await self._seen(container, mount)).uid == 0:
                await self._give(container, mount, owner, seen.mode)

    async def remove(self, name: str) -> bool:
        """See `KeepsVolumes.remove_volume`."""
        try:
            await self._connection.docker._query_json(f"volumes/{self._qualified(name)}", "DELETE")
        except DockerError as error:
            if error.status not in (404, 409):
                raise
            return error.status == 404
        return True

    async def sizes(self) -> Mapping[str, int]:
        """See `KeepsVolumes.volume_sizes`."""
        usage = await self._connection.docker._query_json("system/df", params={"type": "volume"})
        ours = (each for each in usage.get("Volumes") or () if self._is_ours(each.get("Labels") or {}))
        return {each["Labels"][labels.NAME]: max(0, (each.get("UsageData") or {}).get("Size", 0)) for each in ours}

    def _is_ours(self, written: Mapping[str, str]) -> bool:
        return written.get(labels.INSTALLATION) == self._installation and labels.NAME in written

    async def _refuse_a_second(self, volume: str, name: str) -> None:
        filters = {"volume": [self._qualified(volume)], "status": _HOLDING}
        for each in await self._connection.docker.containers.list(filters=json.dumps(filters)):
            holder = each["Labels"].get(labels.NAME, each["Id"])
            if holder != name:
                raise Unavailable(
                    f"{name} can't have the volume {volume} while {holder} runs with it.",
                    hint="No two instances ever have one volume. It is tried again.",
                )

    async def _text(self, container: DockerContainer, path: str) -> str:
        """A small file of the image; nothing where it has none."""
        try:
            archive = await container.get_archive(path)
        except DockerError as error:
            if error.status != 404:
                raise
            return ""
        with archive:
            return ownership.first_text(archive)

    async def _seen(self, container: DockerContainer, mount: VolumeMount) -> tarfile.TarInfo:
        """The volume's root as it is. Only the head of the archive is read: the data may be large."""
        head = b""
        async with self._connection.stream(f"containers/{container.id}/archive", {"path": mount.path}) as content:
            while len(head) < ownership.HEAD and (more := await content.read(ownership.HEAD)):
                head += more
        return ownership.entry_of(head)

    async def _give(self, container: DockerContainer, mount: VolumeMount, owner: ownership.Owner, mode: int) -> None:
        path = PurePosixPath(mount.path)
        await self._connection.docker._query_json(
            f"containers/{container.id}/archive",
            "PUT",
            params={"path": str(path.parent)},
            data=ownership.directory(path.name, owner, mode),
            headers=_TAR,
        )

    def _qualified(self, name: str) -> str:
        return render.qualified(self._installation, name)
