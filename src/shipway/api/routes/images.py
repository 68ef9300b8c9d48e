"""Images of a service's releases: what becomes of each, and pruning those that need not stay."""

from typing import Annotated

from fastapi import APIRouter, Query

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.fields import MOST
from shipway.api.schemas.images import ImageFate, PruneIn
from shipway.operations import images

router = APIRouter(prefix=f"{SERVICE}/images", tags=["releases"])

Keep = Annotated[
    int | None,
    Query(ge=1, le=MOST, description="As if so many of the newest images were to stay; else as the settings say."),
]


@router.get("")
async def explain_images(platform: ThePlatform, actor: TheActor, path: ThePath, keep: Keep = None) -> list[ImageFate]:
    """A service's images, newest first: whether each would stay or go now, and why. Nothing is removed."""
    return [ImageFate.of(each) for each in await images.explain_images(platform, actor, path, keep=keep)]


@router.post("/prune")
async def prune_images(
    platform: ThePlatform, actor: TheActor, path: ThePath, body: PruneIn | None = None
) -> list[ImageFate]:
    """Remove those that go, and tell of each what was decided. Their releases stay, and can't be started any more."""
    keep = body.keep if body else None
    return [ImageFate.of(each) for each in await images.prune_images(platform, actor, path, keep=keep)]
