"""Deleting services, environments and projects for good; and what that takes with it."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import (
    ENVIRONMENT,
    PROJECT,
    SERVICE,
    ProjectName,
    TheEnvironmentPath,
    ThePath,
    WorkspaceName,
)
from shipway.api.schemas.deletion import Confirmation, LossOut
from shipway.operations import deletion

router = APIRouter()


@router.get(f"{SERVICE}/deletion", tags=["services"])
async def get_service_deletion(platform: ThePlatform, actor: TheActor, path: ThePath) -> LossOut:
    """What deleting it would take with it. Nothing is done."""
    return LossOut.model_validate(await deletion.service_loss(platform, actor, path))


@router.delete(SERVICE, status_code=204, tags=["services"])
async def delete_service(platform: ThePlatform, actor: TheActor, path: ThePath, confirm: Confirmation) -> None:
    """Stop and forget it with its releases, config, volumes and hosts, for good; answered when nothing is left.

    Once begun it is carried out, also when the answer is 503.
    """
    await deletion.delete_service(platform, actor, path, confirm=confirm)


@router.get(f"{ENVIRONMENT}/deletion", tags=["environments"])
async def get_environment_deletion(platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath) -> LossOut:
    """What deleting it would take with it. Nothing is done."""
    return LossOut.model_validate(await deletion.environment_loss(platform, actor, path))


@router.delete(ENVIRONMENT, status_code=204, tags=["environments"])
async def delete_environment(
    platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath, confirm: Confirmation
) -> None:
    """Likewise, with all its services, config vars and secrets."""
    await deletion.delete_environment(platform, actor, path, confirm=confirm)


@router.get(f"{PROJECT}/deletion", tags=["projects"])
async def get_project_deletion(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, project: ProjectName
) -> LossOut:
    """What deleting it would take with it. Nothing is done."""
    return LossOut.model_validate(await deletion.project_loss(platform, actor, workspace, project))


@router.delete(PROJECT, status_code=204, tags=["projects"])
async def delete_project(
    platform: ThePlatform, actor: TheActor, workspace: WorkspaceName, project: ProjectName, confirm: Confirmation
) -> None:
    """Likewise, with all its environments."""
    await deletion.delete_project(platform, actor, workspace, project, confirm=confirm)
