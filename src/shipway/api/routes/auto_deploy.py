"""Holding what deploys by itself."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.auto_deploy import AutoDeployIn, AutoDeployOut
from shipway.operations import hold

router = APIRouter(prefix=SERVICE, tags=["services"])


@router.put("/auto-deploy")
async def set_auto_deploy(platform: ThePlatform, actor: TheActor, path: ThePath, body: AutoDeployIn) -> AutoDeployOut:
    """Hold what deploys by itself, such as pushes, or let it go on. A rollback holds it; deployments by hand go on."""
    if body.state == "held":
        return AutoDeployOut(state="held", reason=await hold.hold(platform, actor, path))
    await hold.resume(platform, actor, path)
    return AutoDeployOut(state="on", reason="")
