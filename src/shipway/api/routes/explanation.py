"""Why a deployment is as it is (S7.4)."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import DeploymentId
from shipway.api.schemas.explanation import ExplanationOut
from shipway.operations import explanation

router = APIRouter(tags=["deployments"])


@router.get("/deployments/{deployment}/explanation")
async def explain_deployment(platform: ThePlatform, actor: TheActor, deployment: DeploymentId) -> ExplanationOut:
    """Why it failed, with evidence and what to do; why it counts as healthy; or where it is and since when."""
    return ExplanationOut.of(await explanation.explain(platform, actor, deployment))
