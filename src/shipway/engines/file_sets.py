"""The part of the engine port that instances' config files are given by."""

from collections.abc import Mapping
from typing import Protocol

#: Where instances find them.
MOUNTED_AT = "/etc/config"


class FileSets(Protocol):
    """Named sets of files. A workload names the one that its instance sees, read-only, at `/etc/config`.

    All raise `Unavailable`, and may be called again then.
    """

    async def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """Make a set hold exactly these files, by their paths below the mount; running instances see them at once.

        All change in one instant: an instance that opens a file reads the old or the new content, whole; and one that
        resolves `/etc/config/..data` once, and opens several below it, reads them all as they were published together.
        After a failure or a crash it holds what it held before, or all of the new. Published again, nothing changes.
        """

    async def withdraw(self, name: str) -> None:
        """Make sure that there is no such set. Instances that still mount it see no files any more."""

    async def file_sets(self) -> set[str]:
        """Names of this installation's sets: those that were published, or that an instance was started with."""
