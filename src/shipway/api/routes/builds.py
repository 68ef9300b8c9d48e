"""Builds: how images were made, their provenance and bills of materials, and the caches of workspaces."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath, WorkspaceName
from shipway.api.schemas.build import BuildOut, BuildPage, BuildSummary, Freed
from shipway.api.schemas.fields import MOST
from shipway.operations import builds
from shipway.operations.builds import Attestation

router = APIRouter(tags=["builds"])

Limit = Annotated[int, Query(ge=1, le=100)]
Number = Annotated[int, Path(ge=1, le=MOST, description="n of the image's tag v{n}.")]


@router.get(f"{SERVICE}/builds")
async def list_builds(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePath,
    limit: Limit = 20,
    before: Annotated[int | None, Query(ge=1, le=MOST, description="A build's number: only older ones.")] = None,
) -> BuildPage:
    """A service's, newest first; also those that failed."""
    # One more than asked for, to know whether there is a next page.
    found = await builds.list_builds(platform, actor, path, limit=limit + 1, before=before)
    page = [BuildSummary.model_validate(build) for build in found[:limit]]
    return BuildPage(builds=page, next_before=page[-1].number if len(found) > limit else None)


@router.get(f"{SERVICE}/builds/{{number}}")
async def get_build(platform: ThePlatform, actor: TheActor, path: ThePath, number: Number) -> BuildOut:
    """One with all that went in: base images by digest, the Dockerfile, names of arguments and secrets."""
    return BuildOut.of(await builds.get_build(platform, actor, path, number))


@router.get(f"{SERVICE}/builds/{{number}}/{{attestation}}")
async def get_attestation(
    platform: ThePlatform, actor: TheActor, path: ThePath, number: Number, attestation: Attestation
) -> dict[str, Any]:
    """The in-toto statement beside the image: SLSA provenance, or a bill of materials as SPDX."""
    return await builds.attestation(platform, actor, path, number, attestation)


@router.post("/workspaces/{workspace}/builds/prune")
async def prune_builds(platform: ThePlatform, actor: TheActor, workspace: WorkspaceName) -> Freed:
    """Empty the workspace's build cache. Nothing is lost but time: the next builds begin from nothing."""
    return Freed(bytes=await builds.prune(platform, actor, workspace))
