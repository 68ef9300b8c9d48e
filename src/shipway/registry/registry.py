"""The registry port."""

from typing import Protocol

from shipway.domain.credential import Credential


class Registry(Protocol):
    """The private registry that built images are pushed to."""

    async def check(self) -> None:
        """Return when the registry runs (starting it when it is ours to start), else raise `Unavailable`."""

    def repository(self, workspace: str, name: str) -> str:
        """Where images of that name go: `127.0.0.1:7702/acme/shop.production.api`, to which a tag or digest is added."""

    def push_credential(self, workspace: str, name: str) -> Credential:
        """A short-lived credential that may push to that one repository, and nothing else."""

    def pull_credential(self, workspace: str, name: str) -> Credential:
        """A short-lived credential that may pull from that one repository, and nothing else."""

    async def close(self) -> None:
        """Let go of connections; the registry goes on serving."""

    async def shutdown(self) -> None:
        """Stop the registry itself, for taking a whole installation down; its images stay, until `check` starts it again."""
