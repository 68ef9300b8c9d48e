"""What config vars were: every change of them, and the configuration at any time."""

from datetime import datetime

from shipway.domain.config import Change, fold, fold_names
from shipway.domain.errors import NotFound
from shipway.domain.service import Service
from shipway.operations.access import Actor
from shipway.operations.config import Config, ConfigPath, holder
from shipway.pipeline.platform import Platform
from shipway.store import config_changes


async def list_changes(
    platform: Platform, actor: Actor, path: ConfigPath, *, name: str = "", limit: int = 20, before: int | None = None
) -> list[Change]:
    """Every change that had an effect on a service, or on an environment itself, newest first; of one `name` where given.
    `before` is a change's id: only older ones."""
    async with platform.database.read() as tx:
        owner = await holder(tx, actor, path)
        return await config_changes.listed(tx, owner, limit=limit, before=before, name=name)


async def config_at(platform: Platform, actor: Actor, path: ConfigPath, moment: datetime) -> Config:
    """As it was then: the fold of all changes until `moment`. Raises `NotFound` for a time before there was any."""
    async with platform.database.read() as tx:
        owner = await holder(tx, actor, path)
        if moment < owner.created_at:
            raise NotFound(
                f"{path} was created at {owner.created_at:%Y-%m-%d %H:%M:%S} UTC, and had no config before that.",
                hint="`shipway config history` lists every change since.",
            )
        changes = await config_changes.until(tx, owner, moment)
        sealed = fold_names(changes, "build-secret") if isinstance(owner, Service) else ()
        return Config(fold(changes), sealed)
