"""Projects: things shipped together."""

from fastapi import APIRouter, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import PROJECT, WorkspaceName
from shipway.api.schemas.tenancy import NameIn, ProjectOut
from shipway.operations import tenancy

router = APIRouter(prefix="/workspaces/{workspace}/projects", tags=["projects"])


@router.get("")
async def list_projects(platform: ThePlatform, actor: TheActor, workspace: WorkspaceName) -> list[ProjectOut]:
    """A workspace's."""
    return [ProjectOut.of(workspace, known) for known in await tenancy.list_projects(platform, actor, workspace)]


@router.post("", status_code=201)
async def create_project(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, body: NameIn, response: Response
) -> ProjectOut:
    """A new one."""
    made = await tenancy.create_project(platform, actor, workspace, body.name)
    response.headers["Location"] = f"{PROJECT.format(workspace=workspace, project=made.slug)}/environments"
    return ProjectOut.of(workspace, made)
