"""What a deployment would do, before it is asked for (S6.3)."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.plan import (
    DeployPlanIn,
    PlanIn,
    PlanOut,
    PromotePlanIn,
    ReconfigurePlanIn,
    RestartPlanIn,
    RollbackPlanIn,
    ScalePlanIn,
)
from shipway.domain.names import ServicePath
from shipway.domain.plan import Plan
from shipway.operations import planning, promotion, reconfiguring
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform

router = APIRouter(prefix=SERVICE, tags=["pipeline"])


@router.post("/plan")
async def plan_deployment(platform: ThePlatform, actor: TheActor, path: ThePath, body: PlanIn) -> PlanOut | None:
    """What a deployment would do, and why in that way. Nothing changes. Null: to scale what is not live does nothing yet.

    Refused as the deployment itself would be: where the machine is too small, or an interruption is not allowed.
    """
    made = await _planned(platform, actor, path, body)
    return PlanOut.model_validate(made) if made else None


async def _planned(platform: Platform, actor: Actor, path: ServicePath, body: PlanIn) -> Plan | None:
    strict = body.require_zero_downtime
    match body:
        case DeployPlanIn():
            return await planning.plan_deploy(platform, actor, path, zero_downtime=strict)
        case RollbackPlanIn():
            return await planning.plan_rollback(
                platform, actor, path, body.version, config=body.config, zero_downtime=strict
            )
        case PromotePlanIn():
            return await promotion.plan_promotion(
                platform,
                actor,
                ServicePath.parse(body.source),
                path,
                version=body.version,
                rebuild=body.rebuild,
                zero_downtime=strict,
            )
        case RestartPlanIn():
            return await planning.plan_restart(platform, actor, path, zero_downtime=strict)
        case ReconfigurePlanIn():
            return await reconfiguring.plan_reconfigure(platform, actor, path, zero_downtime=strict)
        case ScalePlanIn():
            return await planning.plan_scale(platform, actor, path, body.counts, zero_downtime=strict)
