"""Environments: the places a project runs in."""

from fastapi import APIRouter, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import ENVIRONMENT, PROJECT, ProjectName, WorkspaceName
from shipway.api.schemas.tenancy import EnvironmentIn, EnvironmentOut
from shipway.operations import tenancy

router = APIRouter(prefix=f"{PROJECT}/environments", tags=["environments"])


@router.get("")
async def list_environments(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, project: ProjectName
) -> list[EnvironmentOut]:
    """A project's."""
    known = await tenancy.list_environments(platform, actor, workspace, project)
    return [EnvironmentOut.of(workspace, project, environment) for environment in known]


@router.post("", status_code=201)
async def create_environment(
    platform: ThePlatform,
    actor: TheActor,
    workspace: WorkspaceName,
    project: ProjectName,
    *,
    body: EnvironmentIn,
    response: Response,
) -> EnvironmentOut:
    """A new one."""
    made = await tenancy.create_environment(platform, actor, workspace, project, name=body.name, kind=body.kind)
    address = ENVIRONMENT.format(workspace=workspace, project=project, environment=made.slug)
    response.headers["Location"] = f"{address}/services"
    return EnvironmentOut.of(workspace, project, made)
