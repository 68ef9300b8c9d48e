"""The source port."""

from pathlib import Path
from typing import Protocol

from shipway.domain.artifacts import Checkout
from shipway.domain.log import Log
from shipway.domain.source import Revision, Source


class Sources(Protocol):
    """Where code comes from. Methods may be called concurrently for different directories."""

    async def resolve(self, source: Source, revision: Revision, log: Log) -> Checkout:
        """Pin what is asked for to an exact revision.

        Raises `SourceFailed`: `unknown-ref` (with the nearest names that exist), `repository-unreachable`,
        `repository-denied`, `bad-url`, `credential-in-url`, `unknown-upload`, `nothing-pushed`; `Unavailable` when this
        machine is in the way: no git, a full disk.
        """

    async def ensure(self, checkout: Checkout, directory: Path, log: Log) -> Path:
        """Make sure that `directory` holds exactly this revision, and return the service's root in it (its subdirectory).

        A directory left half-filled by a crash is done again. The tree holds nothing of git's own, and no link that
        leads out of it: an upload with one is refused, a repository's are left out, and the log says so.
        Raises what `resolve` does, also `bad-archive`, and `no-such-directory` when the subdirectory does not exist.
        """

    async def forget(self, service_id: str) -> None:
        """Remove what is kept for a service that goes: what was pushed to it. Safe to repeat."""
