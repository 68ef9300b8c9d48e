"""Environments: the places a project runs in."""

from dataclasses import replace

from fastapi import APIRouter, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import ENVIRONMENT, PROJECT, ProjectName, TheEnvironmentPath, WorkspaceName
from shipway.api.schemas.environment import CloneIn, CloneOut, EnvironmentChange, EnvironmentDetail, EnvironmentIn
from shipway.api.schemas.tenancy import EnvironmentOut
from shipway.domain.names import EnvironmentPath, slug
from shipway.operations import environments

router = APIRouter(tags=["environments"])


@router.get(f"{PROJECT}/environments")
async def list_environments(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, project: ProjectName
) -> list[EnvironmentOut]:
    """A project's."""
    known = await environments.list_environments(platform, actor, workspace, project)
    return [EnvironmentOut.of(workspace, project, environment) for environment in known]


@router.post(f"{PROJECT}/environments", status_code=201)
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
    path = EnvironmentPath(workspace, project, body.name)
    made = await environments.create_environment(
        platform, actor, path, kind=body.kind, branch=body.branch, memory=body.memory, cpus=body.cpus
    )
    response.headers["Location"] = _url(path)
    return EnvironmentOut.of(workspace, project, made)


@router.get(ENVIRONMENT)
async def get_environment(platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath) -> EnvironmentDetail:
    """One, with its services, and the names of its config vars and secrets."""
    return EnvironmentDetail.of_view(path, await environments.get_environment(platform, actor, path))


@router.patch(ENVIRONMENT)
async def change_environment(
    platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath, body: EnvironmentChange
) -> EnvironmentOut:
    """Change what is given. The branch counts from the next deployments on."""
    changed = await environments.change_environment(
        platform, actor, path, kind=body.kind, branch=body.branch, memory=body.memory, cpus=body.cpus
    )
    return EnvironmentOut.of(path.workspace, path.project, changed)


@router.post(f"{ENVIRONMENT}/clone", status_code=201)
async def clone_environment(
    platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath, body: CloneIn, response: Response
) -> CloneOut:
    """A new one with services like these, their config and files, and hosts of their own. Nothing of it runs; no secret and
    nothing in a volume is copied. All of it is made, or nothing."""
    target = replace(path, environment=slug(body.to, "environment"))
    made = await environments.clone_environment(
        platform, actor, path, target, kind=body.kind, branch=body.branch, memory=body.memory, cpus=body.cpus
    )
    response.headers["Location"] = _url(target)
    return CloneOut.of(target, made)


def _url(path: EnvironmentPath) -> str:
    return ENVIRONMENT.format(workspace=path.workspace, project=path.project, environment=path.environment)
