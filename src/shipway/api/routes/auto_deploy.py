"""What a service deploys by itself, and holding that."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.auto_deploy import AutoDeployIn, AutoDeployOut
from shipway.operations import following, hold

router = APIRouter(prefix=SERVICE, tags=["services"])


@router.get("/auto-deploy")
async def get_auto_deploy(platform: ThePlatform, actor: TheActor, path: ThePath) -> AutoDeployOut:
    """Which pushes are deployed by themselves."""
    return AutoDeployOut.of(await following.get_following(platform, actor, path))


@router.put("/auto-deploy")
async def set_auto_deploy(platform: ThePlatform, actor: TheActor, path: ThePath, body: AutoDeployIn) -> AutoDeployOut:
    """Say which pushes are deployed by themselves, or hold that. A rollback holds it; deployments by hand go on."""
    on = {"on": True, "off": False}.get(body.state or "")
    await following.follow(platform, actor, path, on=on, branch=body.branch, paths=body.paths)
    if body.state == "held":
        await hold.hold(platform, actor, path)
    return AutoDeployOut.of(await following.get_following(platform, actor, path))
