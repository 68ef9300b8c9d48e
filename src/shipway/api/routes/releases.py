"""Releases: what each holds, and what is different between two."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.fields import MOST
from shipway.api.schemas.release import DifferenceOut, ReleaseDetail, ReleaseOut
from shipway.operations import images, releases

router = APIRouter(prefix=f"{SERVICE}/releases", tags=["releases"])

Number = Annotated[int, Path(alias="release", ge=1, le=MOST, description="Its number in the service.", examples=[1])]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("")
async def list_releases(platform: ThePlatform, actor: TheActor, path: ThePath, limit: Limit = 20) -> list[ReleaseOut]:
    """A service's, newest first."""
    return [ReleaseOut.of(*each) for each in await releases.marked_releases(platform, actor, path, limit=limit)]


@router.get("/{release}")
async def get_release(platform: ThePlatform, actor: TheActor, path: ThePath, number: Number) -> ReleaseDetail:
    """One with everything that it holds."""
    return ReleaseDetail.of_view(await releases.get_release(platform, actor, path, number))


@router.put("/{release}/pin")
async def pin_release(platform: ThePlatform, actor: TheActor, path: ThePath, number: Number) -> ReleaseDetail:
    """Have its image stay, whatever the retention says."""
    await images.pin_release(platform, actor, path, number, pinned=True)
    return ReleaseDetail.of_view(await releases.get_release(platform, actor, path, number))


@router.delete("/{release}/pin")
async def unpin_release(platform: ThePlatform, actor: TheActor, path: ThePath, number: Number) -> ReleaseDetail:
    """Leave its image to the retention."""
    await images.pin_release(platform, actor, path, number, pinned=False)
    return ReleaseDetail.of_view(await releases.get_release(platform, actor, path, number))


@router.get("/{release}/difference")
async def release_difference(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePath,
    number: Number,
    since: Annotated[int, Query(ge=1, le=MOST, description="Number of the release that it is compared with.")],
) -> DifferenceOut:
    """What is different in it, compared with another release of the service."""
    return DifferenceOut.of(await releases.compare_releases(platform, actor, path, since, number))
