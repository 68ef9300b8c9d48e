"""Builds: how images were made, what came with them, and the caches they are made from."""

from dataclasses import dataclass
from typing import Any, Literal

from shipway.builders.dockerfile_images import pinned
from shipway.domain.build import Build
from shipway.domain.errors import NotFound
from shipway.domain.names import ServicePath
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.images import image_name
from shipway.pipeline.platform import Platform
from shipway.store import builds

Attestation = Literal["provenance", "sbom"]
#: How the types of in-toto predicates begin.
_PREDICATES: dict[Attestation, str] = {
    "provenance": "https://slsa.dev/provenance/",
    "sbom": "https://spdx.dev/Document",
}
_MISSING: dict[Attestation, str] = {
    "provenance": "Builds in a sandbox have it; builds on the engine itself have none.",
    "sbom": 'Set build_sbom = "on" in settings.toml; the next build in a sandbox has one.',
}


@dataclass(frozen=True, slots=True)
class BuildView:
    """A build with the Dockerfile it was made by."""

    build: Build
    dockerfile: str

    @property
    def pinned(self) -> str:
        """The Dockerfile with base images by the digests that they had."""
        return pinned(self.dockerfile, self.build.bases)


async def list_builds(
    platform: Platform, actor: Actor, path: ServicePath, *, limit: int = 20, before: int | None = None
) -> list[Build]:
    """A service's, newest first."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        return await builds.of_service(tx, service.id, limit=limit, before=before)


async def get_build(platform: Platform, actor: Actor, path: ServicePath, number: int) -> BuildView:
    """By its number in the service. Raises `NotFound`."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        if found := await builds.by_number(tx, service.id, number):
            return BuildView(*found)
    raise NotFound(f"{path} has no build v{number}.", hint="`shipway builds` lists what there is.")


async def build_of(platform: Platform, actor: Actor, deployment_id: str) -> BuildView | None:
    """The build of a deployment; `None` when it has none (yet)."""
    async with platform.database.read() as tx:
        await access.deployment(tx, actor, deployment_id)
        found = await builds.of_deployment(tx, deployment_id)
        return BuildView(*found) if found else None


async def attestation(
    platform: Platform, actor: Actor, path: ServicePath, number: int, kind: Attestation
) -> dict[str, Any]:
    """The in-toto statement of that kind that lies beside the image in the registry. Raises `NotFound`."""
    view = await get_build(platform, actor, path, number)
    if not view.build.digest:
        raise NotFound(f"v{number} of {path} was not pushed.", hint="Only an image in the registry has attestations.")
    for statement in await platform.registry.attestations(path.workspace, image_name(path), f"v{number}"):
        if str(statement.get("predicateType", "")).startswith(_PREDICATES[kind]):
            return statement
    raise NotFound(f"v{number} of {path} has no {kind} with it.", hint=_MISSING[kind])


async def prune(platform: Platform, actor: Actor, workspace: str) -> int:
    """Empty a workspace's build cache and return the bytes that became free. The next builds take longer, no more."""
    async with platform.database.read() as tx:
        found = await access.workspace(tx, actor, workspace)
    return await platform.builder.prune(found.id)
