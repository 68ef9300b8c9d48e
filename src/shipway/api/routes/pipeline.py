"""The pipeline: deploy, roll back, see how it goes (S12.1)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import PROJECT, ThePipelinePath
from shipway.api.schemas.deployment import DeploymentOut
from shipway.api.schemas.fields import MOST
from shipway.api.schemas.pipeline import (
    DeployIn,
    MetricsOut,
    PromoteIn,
    ReconfigureIn,
    RedeployIn,
    RollbackIn,
    StatusOut,
)
from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.operations import again, deployments, history, metrics, promotion, reconfiguring
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform

router = APIRouter(prefix=f"{PROJECT}/pipeline", tags=["pipeline"])

Queue = Annotated[
    Literal["wait", "supersede"], Query(description="supersede: deployments that wait are given up for this one.")
]


@router.post("/deploy", status_code=202)
async def deploy(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePipelinePath,
    *,
    response: Response,
    body: DeployIn | None = None,
    queue: Queue = "supersede",
) -> DeploymentOut:
    """Ask for a deployment of the service's source with today's config."""
    wanted = body or DeployIn()
    made = await deployments.deploy(
        platform, actor, path, revision=wanted.to_domain(), policy=queue, zero_downtime=wanted.require_zero_downtime
    )
    return await accepted(platform, actor, made, response)


@router.post("/rollback", status_code=202)
async def rollback(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePipelinePath,
    *,
    response: Response,
    body: RollbackIn | None = None,
    queue: Queue = "supersede",
) -> DeploymentOut:
    """Make an earlier release live again: itself, with the same image and config, or its image with today's config."""
    wanted = body or RollbackIn()
    made = await deployments.rollback(
        platform,
        actor,
        path,
        version=wanted.version,
        config=wanted.config,
        policy=queue,
        zero_downtime=wanted.require_zero_downtime,
    )
    return await accepted(platform, actor, made, response)


@router.post("/redeploy", status_code=202)
async def redeploy(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePipelinePath,
    *,
    response: Response,
    body: RedeployIn | None = None,
    queue: Queue = "supersede",
) -> DeploymentOut:
    """Deploy the live release's own commit, upload or image once more, with today's config."""
    wanted = body or RedeployIn()
    made = await again.redeploy(
        platform, actor, path, ref=wanted.ref, policy=queue, zero_downtime=wanted.require_zero_downtime
    )
    return await accepted(platform, actor, made, response)


@router.post("/reconfigure", status_code=202)
async def reconfigure(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePipelinePath,
    *,
    response: Response,
    body: ReconfigureIn | None = None,
) -> DeploymentOut:
    """Bring today's config to the code that is live, and no newer code: the live image, unless it would not follow a changed
    build-time var or build secret; then its revision is built again. Deploys the source where nothing is live.

    Deployments that wait stay in the queue: what is live is looked up when its turn comes.
    """
    strict = body is not None and body.require_zero_downtime
    made = await reconfiguring.reconfigure(platform, actor, path, zero_downtime=strict)
    return await accepted(platform, actor, made, response)


@router.post("/promote", status_code=202)
async def promote(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePipelinePath,
    *,
    response: Response,
    body: PromoteIn,
    queue: Queue = "supersede",
) -> DeploymentOut:
    """Bring a release of another service here: the same image, with this service's config and settings.

    Refused where the image was built with other build-time vars than this service has, unless it is built anew.
    """
    made = await promotion.promote_release(
        platform,
        actor,
        ServicePath.parse(body.source),
        path,
        version=body.version,
        rebuild=body.rebuild,
        policy=queue,
        zero_downtime=body.require_zero_downtime,
    )
    return await accepted(platform, actor, made, response)


@router.get("/status")
async def status(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePipelinePath,
    deployment: Annotated[int | None, Query(ge=1, le=MOST, description="Its number; the newest when left out.")] = None,
) -> StatusOut:
    """The stage table of a deployment, and every step."""
    return StatusOut.of(await history.find_deployment(platform, actor, path, deployment))


@router.get("/metrics")
async def pipeline_metrics(platform: ThePlatform, actor: TheActor, path: ThePipelinePath) -> MetricsOut:
    """Durations and rates of the service's last hundred deployments."""
    return MetricsOut.model_validate(await metrics.pipeline_metrics(platform, actor, path))


async def accepted(platform: Platform, actor: Actor, made: Deployment, response: Response) -> DeploymentOut:
    """A deployment that was just asked for, as the answer to that."""
    response.headers["Location"] = f"/deployments/{made.id}"
    return DeploymentOut.of_view(await history.get_deployment(platform, actor, made.id))
