"""File sets in memory."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager


class FakeFileSets:
    """`FileSets`, for the fake engine."""

    def __init__(self) -> None:
        super().__init__()
        #: By set: contents by path.
        self.published: dict[str, dict[str, bytes]] = {}

    async def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """See `FileSets.publish`."""
        async with self._effect("publish"):
            self.published[name] = dict(files)

    async def withdraw(self, name: str) -> None:
        """See `FileSets.withdraw`."""
        async with self._effect("withdraw"):
            self.published.pop(name, None)

    async def file_sets(self) -> set[str]:
        """See `FileSets.file_sets`."""
        self._reach()
        return set(self.published)

    def _effect(self, verb: str) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError

    def _reach(self) -> None:
        raise NotImplementedError
