"""Services: create, look at, change."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import (
    ENVIRONMENT,
    SERVICE,
    EnvironmentName,
    ProjectName,
    ThePath,
    WorkspaceName,
    url,
)
from shipway.api.schemas.service import CopyIn, CopyOut, ServiceChange, ServiceIn, ServiceOut
from shipway.domain.names import EnvironmentPath, ServicePath, slug
from shipway.domain.service import ServiceSettings
from shipway.operations import environments, services, template

router = APIRouter(tags=["services"])

Filter = Annotated[str, Query(max_length=200, description="Only what is in those of this name; empty: in any.")]


@router.get("/services")
async def list_services(
    platform: ThePlatform,
    actor: TheActor,
    workspace: Filter = "",
    project: Filter = "",
    environment: Filter = "",
) -> list[ServiceOut]:
    """All that you may see, or those of one workspace, project or environment name; without their instances."""
    found = await services.list_services(platform, actor, workspace=workspace, project=project, environment=environment)
    return [ServiceOut.of(view) for view in found]


@router.get(f"{ENVIRONMENT}/services")
async def list_environment_services(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, project: ProjectName, environment: EnvironmentName
) -> list[ServiceOut]:
    """An environment's."""
    # An environment that is not there is told apart from one that is empty.
    await environments.get_environment(platform, actor, EnvironmentPath(workspace, project, environment))
    return await list_services(platform, actor, workspace, project, environment)


@router.post(f"{ENVIRONMENT}/services", status_code=201)
async def create_service(
    platform: ThePlatform,
    actor: TheActor,
    workspace: WorkspaceName,
    project: ProjectName,
    environment: EnvironmentName,
    *,
    body: ServiceIn,
    response: Response,
) -> ServiceOut:
    """A new one. Nothing runs until it is deployed."""
    parents = slug(workspace, "workspace"), slug(project, "project"), slug(environment, "environment")
    path = ServicePath(*parents, slug(body.name, "service"))
    await services.create_service(
        platform,
        actor,
        path,
        body.source.to_domain(),
        settings=services.merged(ServiceSettings(), body.settings.changes()),
        hosts=body.hosts,
        create_parents=body.create_parents,
    )
    response.headers["Location"] = url(path)
    return ServiceOut.of(await services.get_service(platform, actor, path, with_instances=False))


@router.get(SERVICE)
async def get_service(platform: ThePlatform, actor: TheActor, path: ThePath) -> ServiceOut:
    """One service with its instances."""
    return ServiceOut.of(await services.get_service(platform, actor, path))


@router.post(f"{SERVICE}/copy", status_code=201)
async def copy_service(
    platform: ThePlatform, actor: TheActor, path: ThePath, body: CopyIn, response: Response
) -> CopyOut:
    """A new service with this one's source, settings, scale and config, and its own from then on. Nothing of it runs."""
    target = ServicePath.parse(body.to)
    made = await template.copy_service(platform, actor, path, target, create_parents=body.create_parents)
    response.headers["Location"] = url(target)
    view = await services.get_service(platform, actor, target, with_instances=False)
    return CopyOut(service=ServiceOut.of(view), to_set=list(made.to_set))


@router.patch(SERVICE)
async def change_service(platform: ThePlatform, actor: TheActor, path: ThePath, body: ServiceChange) -> ServiceOut:
    """Change what is given. Source and settings count from the next deployment on, hosts at once.

    The answer is without its instances.
    """
    await services.change_service(
        platform,
        actor,
        path,
        settings=body.settings.changes() if body.settings else None,
        source=body.source.to_domain() if body.source else None,
        hosts=body.hosts,
    )
    return ServiceOut.of(await services.get_service(platform, actor, path, with_instances=False))
