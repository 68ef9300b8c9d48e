"""Config vars, and what only builds get."""

from fastapi import APIRouter

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.config import ConfigChange, ConfigOut
from shipway.operations import config

router = APIRouter(prefix=f"{SERVICE}/config", tags=["config"])


@router.get("")
async def get_config(platform: ThePlatform, actor: TheActor, path: ThePath) -> ConfigOut:
    """As the next release and build will have it."""
    return ConfigOut.of(await config.get_config(platform, actor, path))


@router.patch("")
async def change_config(platform: ThePlatform, actor: TheActor, path: ThePath, body: ConfigChange) -> ConfigOut:
    """Set and unset several at once, or none of them; they take effect with the next release or build."""
    changed = await config.change_config(
        platform,
        actor,
        path,
        values=body.set,
        unset=body.unset,
        buildtime=body.buildtime,
        build_secrets=body.build_secrets,
    )
    return ConfigOut.of(changed)
