"""Addresses in URLs."""

from typing import Annotated

from fastapi import Depends, Path, Query

from shipway.api.schemas.fields import Slug
from shipway.domain.names import EnvironmentPath, ServicePath

WorkspaceName = Annotated[Slug, Path(alias="workspace")]
ProjectName = Annotated[Slug, Path(alias="project")]
EnvironmentName = Annotated[Slug, Path(alias="environment")]
ServiceName = Annotated[Slug, Path(alias="service")]
DeploymentId = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9_]+$", examples=["dep_01k3v9h2s4q8m6x7"])]

PROJECT = "/workspaces/{workspace}/projects/{project}"
ENVIRONMENT = f"{PROJECT}/environments/{{environment}}"
SERVICE = f"{ENVIRONMENT}/services/{{service}}"


def url(path: ServicePath) -> str:
    """Where a service is."""
    return SERVICE.format(
        workspace=path.workspace, project=path.project, environment=path.environment, service=path.service
    )


def _service_path(
    workspace: WorkspaceName, project: ProjectName, environment: EnvironmentName, service: ServiceName
) -> ServicePath:
    return ServicePath.parse(f"{workspace}/{project}/{environment}/{service}")


def _environment_path(workspace: WorkspaceName, project: ProjectName, environment: EnvironmentName) -> EnvironmentPath:
    return EnvironmentPath.parse(f"{workspace}/{project}/{environment}")


def _pipeline_path(
    workspace: WorkspaceName,
    project: ProjectName,
    service: Annotated[Slug, Query(description="The service's name.")],
    env: Annotated[Slug, Query(description="The environment's name.")],
) -> ServicePath:
    return ServicePath.parse(f"{workspace}/{project}/{env}/{service}")


ThePath = Annotated[ServicePath, Depends(_service_path)]
TheEnvironmentPath = Annotated[EnvironmentPath, Depends(_environment_path)]
ThePipelinePath = Annotated[ServicePath, Depends(_pipeline_path)]
