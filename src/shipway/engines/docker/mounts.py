"""The engine's file sets: directories, off the event loop, one change of a set at a time."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from shipway.domain.errors import Unavailable
from shipway.domain.locks import Locks
from shipway.engines.docker.cancellation import to_its_end
from shipway.engines.docker.file_sets import Directories


class Mounts:
    """`FileSets` on this machine's disk: Docker mounts from there, so it has to run on the same machine."""

    def __init__(self, root: Path) -> None:
        self._directories = Directories(root)
        self._changing = Locks()

    async def ensure(self, name: str) -> Path:
        """The directory of a set, made when missing."""
        async with self._changing(name), _disk(name):
            return await to_its_end(asyncio.to_thread(self._directories.ensure, name))

    async def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """See `FileSets.publish`."""
        async with self._changing(name), _disk(name):
            await to_its_end(asyncio.to_thread(self._directories.publish, name, files))

    async def withdraw(self, name: str) -> None:
        """See `FileSets.withdraw`."""
        async with self._changing(name), _disk(name):
            await to_its_end(asyncio.to_thread(self._directories.withdraw, name))

    async def names(self) -> set[str]:
        """See `FileSets.file_sets`."""
        return await asyncio.to_thread(self._directories.names)


@asynccontextmanager
async def _disk(name: str) -> AsyncIterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The config files of {name} could not be written: {error.strerror}.", hint="See whether the disk is full."
        ) from error
