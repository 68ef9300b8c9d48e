"""How many instances run, and running them anew."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.routes.pipeline import accepted
from shipway.api.schemas.deployment import DeploymentOut, DeploymentSummary
from shipway.api.schemas.plan import Count, ProcessName
from shipway.api.schemas.service import Scaled
from shipway.operations import deployments, services

router = APIRouter(prefix=SERVICE, tags=["services"])

_COUNTS = Body(min_length=1, max_length=50, examples=[{"web": 3}], json_schema_extra={"additionalProperties": False})


@router.put("/scale", responses={202: {"model": Scaled, "description": "A deployment does it."}})
async def scale(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePath,
    counts: Annotated[dict[ProcessName, Count], _COUNTS],
    response: Response,
    *,
    bins: Annotated[bool, Query(description="Volumes that no instance has any more may go into the bin.")] = False,
) -> Scaled:
    """Set how many instances of the given process types run; at once when something is live, else from the next deployment
    on. Where volumes would go into the bin, it answers 409 with the code `would-bin`, unless that is allowed."""
    made = await deployments.scale(platform, actor, path, counts, bins=bins)
    view = await services.get_service(platform, actor, path, with_instances=False)
    if made is not None:
        response.status_code = 202
        response.headers["Location"] = f"/deployments/{made.id}"
    return Scaled(scale=view.service.scale, deployment=DeploymentSummary.of(made, path) if made else None)


@router.post("/restart", status_code=202)
async def restart(platform: ThePlatform, actor: TheActor, path: ThePath, response: Response) -> DeploymentOut:
    """New instances of the release that is live, without a gap."""
    return await accepted(platform, actor, await deployments.restart(platform, actor, path), response)
