"""The builder port."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shipway.domain.artifacts import Analysis
from shipway.domain.credential import Credential
from shipway.domain.log import Log

#: Build secret under which a generated Dockerfile finds this machine's CA bundle, and no image keeps it.
CA_SECRET = "shipway-ca"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One image to be built."""

    #: Root of the service's source on this machine (already inside its subdirectory).
    directory: Path
    analysis: Analysis
    #: Local name to give the image, e.g. `shipway-build/dep_01k…:v3`.
    tag: str
    #: Seconds until the build is ended.
    timeout: float
    labels: dict[str, str]


class Builder(Protocol):
    """Something that builds and pushes images. Methods may be called concurrently for different tags."""

    async def check(self) -> None:
        """Return when images can be built, else raise `Unavailable` with what to do about it."""

    async def build(self, request: BuildRequest, log: Log) -> str:
        """Build the image, name it `request.tag`, and return its content id (`sha256:…`).

        Progress and output go to `log`. Raises `BuildFailed` with a class as its code, evidence lines and a hint;
        `Unavailable` when the builder is gone. Cancelling the task ends the build within about a second. Called again
        after a crash it builds again, from its cache.
        """

    async def push(self, tag: str, reference: str, credential: Credential, log: Log) -> str:
        """Push the local image `tag` as `reference` (`registry/workspace/name:v3`) and return its digest (`sha256:…`).

        Pushing what is already there changes nothing. Raises `DeployFailed` (`push-denied`) or `Unavailable`.
        """

    async def discard(self, tag: str) -> None:
        """Let go of the local name; layers that nothing else uses may be pruned. An unknown name is fine."""
