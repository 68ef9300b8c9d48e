"""The builder port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from shipway.domain.artifacts import Analysis
from shipway.domain.build import BaseImage
from shipway.domain.credential import Credential
from shipway.domain.log import Log
from shipway.domain.registries import RegistryCredential

#: Build secret under which a generated Dockerfile finds this machine's CA bundle, and no image keeps it.
CA_SECRET = "shipway-ca"  # noqa: S105 - a name
#: Build secrets with the credentials of private package registries, for those who read such files; only if there are any.
NETRC_SECRET = "shipway-netrc"  # noqa: S105 - a name
NPMRC_SECRET = "shipway-npmrc"  # noqa: S105 - a name
#: Build argument with seconds since 1970, the one time that an image is to tell (https://reproducible-builds.org).
EPOCH = "SOURCE_DATE_EPOCH"


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
    #: Id of the workspace it is built for: what sets caches and limits apart.
    workspace: str = ""
    #: Builds of the same one find each other's cached steps: a project's service, whatever its environment.
    cache_scope: str = ""
    #: Build arguments: values that may be seen by whoever has the image.
    arguments: Mapping[str, str] = field(default_factory=dict)
    #: Build secrets by id: readable in a step that mounts them, in no image, log, argument or file of ours.
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    #: Private registries that the build may read from: base images, and packages by `NETRC_SECRET` and `NPMRC_SECRET`.
    registries: tuple[RegistryCredential, ...] = ()
    #: Proxy variables for its downloads, in no image either.
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that was built, and what is known of how."""

    #: Content id: the same for the same content.
    id: str
    bases: tuple[BaseImage, ...] = ()
    #: Instructions of the Dockerfile that were carried out, and how many of them were there already.
    steps: int = 0
    cached: int = 0


class Builder(Protocol):
    """Something that builds and pushes images. Methods may be called concurrently for different tags."""

    async def check(self) -> None:
        """Return when images can be built, else raise `Unavailable` with what to do about it."""

    async def build(self, request: BuildRequest, log: Log) -> BuiltImage:
        """Build the image, name it `request.tag`, and return what is known of it.

        Progress and output go to `log`. Raises `BuildFailed` with a class as its code, evidence lines and a hint;
        `Unavailable` when the builder is gone. Cancelling the task ends the build within about a second. Called again
        after a crash it builds again, from its cache.
        """

    async def push(self, tag: str, reference: str, credential: Credential, log: Log, *, workspace: str = "") -> str:
        """Push the local image `tag` as `reference` (`registry/workspace/name:v3`) and return its digest (`sha256:…`).

        Where a bill of materials or provenance goes with the image, that is the digest of the index with both of them.
        Pushing what is already there changes nothing. Raises `DeployFailed` (`push-denied`) or `Unavailable`.
        """

    async def discard(self, tag: str, *, workspace: str = "") -> None:
        """Let go of the local name; layers that nothing else uses may be pruned. An unknown name is fine."""

    async def prune(self, workspace: str) -> int:
        """Empty the workspace's build cache and return the bytes that became free. Builds that run are not harmed."""

    async def tidy(self) -> None:
        """Let go of what has been idle. Called now and then; also finds what an earlier process left."""

    async def stop(self) -> None:
        """Stop everything that runs for builds. The caches stay."""

    async def close(self) -> None:
        """Let go of connections; nothing that runs is touched."""
