"""An environment as a file: made what it says, or written down."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from shipway.api import environment_file
from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import ENVIRONMENT, TheEnvironmentPath
from shipway.api.schemas.applying import ApplyIn, ApplyOut
from shipway.operations import applying, described

router = APIRouter(prefix=ENVIRONMENT, tags=["environments"])


@router.post("/apply")
async def apply_file(
    platform: ThePlatform,
    actor: TheActor,
    path: TheEnvironmentPath,
    body: ApplyIn,
    *,
    plan: Annotated[bool, Query(description="Tell what would change, and change nothing.")] = False,
    prune: Annotated[
        bool, Query(description="What the file does not say of its services goes back to default.")
    ] = False,
    deploy: Annotated[bool, Query(description="Deploy what changed, or is not live.")] = False,
    bins: Annotated[bool, Query(description="Volumes that no instance has any more may go into the bin.")] = False,
    expected: Annotated[
        str, Query(max_length=64, description="A plan's digest: refuse to make other changes than it told.")
    ] = "",
) -> ApplyOut:
    """Make services, settings, config and files what a `shipway.toml` says: all of it, or nothing.

    The environment is made when it is missing. Services that the file does not name stay as they are.
    """
    wanted = environment_file.read(body.text, body.files, body.name)
    done = await applying.apply(
        platform, actor, path, wanted, plan=plan, prune=prune, deploy=deploy, bins=bins, expected=expected
    )
    return ApplyOut.of(done)


@router.get("/export", response_class=PlainTextResponse)
async def export_file(platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath) -> PlainTextResponse:
    """The environment as a `shipway.toml`, which makes another one like it. No secret is in it."""
    return PlainTextResponse(await described.export(platform, actor, path))
