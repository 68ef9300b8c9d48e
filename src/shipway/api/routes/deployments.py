"""Deployments: look, promote, cancel."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import PlainTextResponse

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, DeploymentId, ThePath
from shipway.api.routes.pipeline import accepted
from shipway.api.schemas.deployment import DeploymentOut, DeploymentPage, DeploymentSummary
from shipway.api.schemas.fields import MOST
from shipway.operations import again, deployments, history, logs

router = APIRouter(tags=["deployments"])

Limit = Annotated[int, Query(ge=1, le=100)]


@router.get(f"{SERVICE}/deployments")
async def list_deployments(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePath,
    limit: Limit = 20,
    before: Annotated[int | None, Query(ge=1, le=MOST, description="A deployment's number: only older ones.")] = None,
) -> DeploymentPage:
    """A service's, newest first."""
    # One more than asked for, to know whether there is a next page.
    found = await history.list_deployments(platform, actor, path, limit=limit + 1, before=before)
    page = [DeploymentSummary.of(deployment, path) for deployment in found[:limit]]
    return DeploymentPage(deployments=page, next_before=page[-1].number if len(found) > limit else None)


@router.get("/deployments/{deployment}")
async def get_deployment(platform: ThePlatform, actor: TheActor, deployment: DeploymentId) -> DeploymentOut:
    """One with its steps."""
    return DeploymentOut.of_view(await history.get_deployment(platform, actor, deployment))


@router.post("/deployments/{deployment}/promote", status_code=202)
async def promote_deployment(platform: ThePlatform, actor: TheActor, deployment: DeploymentId) -> DeploymentOut:
    """Send one that is ready its traffic. It is live when its state says so."""
    await deployments.promote(platform, actor, deployment)
    return await get_deployment(platform, actor, deployment)


@router.post("/deployments/{deployment}/retry", status_code=202)
async def retry_deployment(
    platform: ThePlatform, actor: TheActor, deployment: DeploymentId, response: Response
) -> DeploymentOut:
    """Ask for one that failed or was cancelled once more: the same revision, today's config. The answer is the new one."""
    return await accepted(platform, actor, await again.retry(platform, actor, deployment), response)


@router.post("/deployments/{deployment}/cancel", status_code=202)
async def cancel_deployment(platform: ThePlatform, actor: TheActor, deployment: DeploymentId) -> DeploymentOut:
    """Stop one before traffic moves. It is cancelled when its state says so."""
    await deployments.cancel(platform, actor, deployment)
    return await get_deployment(platform, actor, deployment)


@router.get(
    "/deployments/{deployment}/steps/{step}/log",
    response_class=PlainTextResponse,
    responses={
        200: {"headers": {"X-Next-Offset": {"schema": {"type": "integer"}, "description": "Where to read on."}}}
    },
)
async def step_log(
    platform: ThePlatform,
    actor: TheActor,
    deployment: DeploymentId,
    step: Annotated[str, Path(max_length=40)],
    offset: Annotated[int, Query(ge=0, le=2**40, description="Bytes that you have already.")] = 0,
) -> Response:
    """What a step's log holds from an offset on, at most a mebibyte."""
    output = await logs.step_log(platform, actor, deployment, step, offset)
    return PlainTextResponse(output.text, headers={"X-Next-Offset": str(output.offset)})
