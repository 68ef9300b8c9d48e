"""Workspaces: the tenants."""

from fastapi import APIRouter, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.schemas.tenancy import NameIn, WorkspaceOut
from shipway.operations import tenancy

router = APIRouter(prefix="/workspaces", tags=["workspaces"])


@router.get("")
async def list_workspaces(platform: ThePlatform, actor: TheActor) -> list[WorkspaceOut]:
    """Those you may see."""
    return [WorkspaceOut.of(workspace) for workspace in await tenancy.list_workspaces(platform, actor)]


@router.post("", status_code=201)
async def create_workspace(platform: ThePlatform, actor: TheActor, body: NameIn, response: Response) -> WorkspaceOut:
    """A new one, with you as its owner; for administrators."""
    made = await tenancy.create_workspace(platform, actor, body.name)
    response.headers["Location"] = f"/workspaces/{made.slug}/projects"
    return WorkspaceOut.of(made)
