"""An environment's config vars: the same for all its services, unless one has its own."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.config import At, Before, Limit, Name, look, page
from shipway.api.routes.paths import ENVIRONMENT, TheEnvironmentPath
from shipway.api.schemas.config import ChangePage, ConfigOut, EnvironmentConfigChange
from shipway.operations import config, config_history

router = APIRouter(prefix=f"{ENVIRONMENT}/config", tags=["config"])


@router.get("")
async def get_environment_config(
    platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath, at: At = None
) -> ConfigOut:
    """As the next releases and builds of its services will have it, or as it was."""
    return ConfigOut.of(await look(platform, actor, path, at))


@router.patch("")
async def change_environment_config(
    platform: ThePlatform, actor: TheActor, path: TheEnvironmentPath, body: EnvironmentConfigChange
) -> ConfigOut:
    """Set and unset several at once, or none of them; each service has them with its next release or build."""
    changed = await config.change_config(
        platform, actor, path, values=body.set, unset=body.unset, buildtime=body.buildtime
    )
    return ConfigOut.of(changed)


@router.get("/changes")
async def list_environment_config_changes(
    platform: ThePlatform,
    actor: TheActor,
    path: TheEnvironmentPath,
    *,
    name: Name = "",
    limit: Limit = 20,
    before: Before = None,
) -> ChangePage:
    """Every change of the environment itself, newest first; its services have their own."""
    found = await config_history.list_changes(platform, actor, path, name=name, limit=limit + 1, before=before)
    return page(found, limit)
