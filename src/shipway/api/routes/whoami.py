"""Who asks."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.schemas.token import WhoAmI
from shipway.operations import tenancy

router = APIRouter(tags=["tokens"])


@router.get("/whoami")
async def whoami(platform: ThePlatform, actor: TheActor) -> WhoAmI:
    """Whose token this is, and the workspaces it opens."""
    mine = [workspace.slug for workspace in await tenancy.list_workspaces(platform, actor)]
    return WhoAmI(name=actor.user.name, admin=actor.user.admin, workspaces=mine)
