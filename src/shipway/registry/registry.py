"""The registry port."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from shipway.domain.credential import Credential


@dataclass(frozen=True, slots=True)
class Stored:
    """An image as the registry has it."""

    #: Of the image itself, whatever was around it.
    digest: str
    #: Bytes of all its layers, compressed as they are.
    size: int


class Registry(Protocol):
    """The private registry that built images are pushed to."""

    async def check(self) -> None:
        """Return when the registry runs (starting it when it is ours to start), else raise `Unavailable`."""

    def repository(self, workspace: str, name: str) -> str:
        """Where images of that name go: `127.0.0.1:7702/acme/shop.production.api`, to which a tag or digest is added."""

    def push_credential(self, workspace: str, name: str) -> Credential:
        """A short-lived credential that may push to that one repository, pull from those of the workspace, and nothing
        else."""

    def pull_credential(self, workspace: str, name: str) -> Credential:
        """A short-lived credential that may pull from that one repository, and nothing else."""

    async def stored(self, workspace: str, name: str, digest: str) -> Stored:
        """The image behind the digest or tag of what was pushed: that itself, or what an index with attestations is about.

        Raises `NotFound` when it is not there, `Unavailable` when the registry does not answer.
        """

    async def attestations(self, workspace: str, name: str, reference: str) -> list[dict[str, Any]]:
        """The in-toto statements that were pushed with an image, by the tag or the digest of the index; empty for none.

        Raises as `stored` does.
        """

    def held(self, workspace: str, name: str) -> AbstractAsyncContextManager[None]:
        """While it lasts, nobody else who holds that repository is under way: for whoever pushes to it, or removes from it.
        Within this process; others have none of this installation (decision 8)."""

    async def delete(self, workspace: str, name: str, digest: str, tags: Sequence[str]) -> None:
        """Make sure that the image of that digest can't be had from the repository any more, with what lies around it:
        of each of `tags` that leads to it, the index and its attestations. A tag that leads elsewhere stays. Safe to repeat,
        also after a failure in the middle. Raises `Unavailable`."""

    async def close(self) -> None:
        """Let go of connections; the registry goes on serving."""

    async def shutdown(self) -> None:
        """Stop the registry itself, for taking a whole installation down; its images stay, until `check` starts it again."""
