"""A service's config vars, and what only its builds get."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.config import ChangeOut, ChangePage, ConfigChange, ConfigOut
from shipway.api.schemas.fields import MOST
from shipway.domain.config import Change
from shipway.operations import config, config_history

router = APIRouter(prefix=f"{SERVICE}/config", tags=["config"])

At = Annotated[AwareDatetime | None, Query(description="As it was at that moment, instead of now.")]
Name = Annotated[str, Query(max_length=200, description="Only changes of what has that name.")]
Limit = Annotated[int, Query(ge=1, le=100)]
Before = Annotated[int | None, Query(ge=1, le=MOST, description="A change's id: only older ones.")]


@router.get("")
async def get_config(platform: ThePlatform, actor: TheActor, path: ThePath, at: At = None) -> ConfigOut:
    """As the next release and build will have it, or as it was."""
    return ConfigOut.of(await look(platform, actor, path, at))


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


@router.get("/changes")
async def list_config_changes(
    platform: ThePlatform,
    actor: TheActor,
    path: ThePath,
    *,
    name: Name = "",
    limit: Limit = 20,
    before: Before = None,
) -> ChangePage:
    """Every change that had an effect on the service, newest first: its own, and its environment's."""
    found = await config_history.list_changes(platform, actor, path, name=name, limit=limit + 1, before=before)
    return page(found, limit)


async def look(platform: ThePlatform, actor: TheActor, path: config.ConfigPath, at: datetime | None) -> config.Config:
    """Now, or then."""
    if at is None:
        return await config.get_config(platform, actor, path)
    return await config_history.config_at(platform, actor, path, at)


def page(found: list[Change], limit: int) -> ChangePage:
    """Of one more than asked for, to know whether there is a next page."""
    shown = [ChangeOut.model_validate(change) for change in found[:limit]]
    return ChangePage(changes=shown, next_before=shown[-1].id if len(found) > limit else None)
