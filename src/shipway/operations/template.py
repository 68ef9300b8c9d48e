"""A service as the template of another (S8.3): the new one has its source, settings, scale and config, and is its own from
then on."""

from dataclasses import dataclass, replace

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.services import add_service
from shipway.pipeline.platform import Platform
from shipway.store import copying, services
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class Copied:
    """A service that was made after another one."""

    service: Service
    #: What it lacks: secrets are not copied.
    to_set: tuple[str, ...]


async def copy_service(
    platform: Platform, actor: Actor, source: ServicePath, target: ServicePath, *, create_parents: bool = False
) -> Copied:
    """A new service like `source`, within its workspace; nothing of it runs, and it gets a host of its own. References to
    secrets stay where both are in one environment. Raises `Conflict` when the path is taken, `Invalid` across workspaces."""
    async with platform.database.write() as tx:
        template = await access.service(tx, actor, source)
        if source.workspace != target.workspace:
            raise Invalid(
                f"{target} is in another workspace than {source}.", hint="A service is copied within one workspace."
            )
        return await copy_into(tx, platform, actor, template, target, create_parents=create_parents)


async def copy_into(
    tx: Tx,
    platform: Platform,
    actor: Actor,
    template: Service,
    target: ServicePath,
    *,
    create_parents: bool = False,
    by_name: bool = False,
) -> Copied:
    """The same in a transaction of the caller's. `by_name`: what refers to a secret does so in the other environment too,
    whether it has one of that name or not."""
    made = await add_service(
        tx, platform, actor, target, template.source, settings=template.settings, create_parents=create_parents
    )
    await services.change(tx, made.id, scale=template.scale)
    left_out = await copying.copy_config(tx, template, made, actor.user.name, by_name=by_name)
    return Copied(replace(made, scale=dict(template.scale)), left_out)
