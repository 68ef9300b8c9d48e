"""Deleting for good (S12.5): first what would go, as data; then, once its name was typed, all of that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipway.domain.errors import Invalid
from shipway.domain.names import EnvironmentPath, ServicePath
from shipway.domain.service import Service
from shipway.domain.tenancy import Environment
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.volumes import volume_sizes
from shipway.pipeline import deletion as pipeline
from shipway.pipeline.platform import Platform
from shipway.store import deletion, deployments, secrets, services, tenancy, volumes
from shipway.store.database import Tx
from shipway.store.volumes import StoredVolume


@dataclass(frozen=True, slots=True)
class LostVolume:
    """A volume that goes with its service, and what is in it too."""

    id: str
    #: Path of the service.
    service: str
    #: `data.web.1`
    name: str
    #: Bytes; `None`: the engine has not made it yet, or can't say.
    size: int | None
    #: Whether it is in the bin.
    binned: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """What is gone for good once something is deleted."""

    #: What is to be typed to confirm it.
    path: str
    environments: tuple[str, ...]
    services: tuple[str, ...]
    #: Each is free for another service then.
    hosts: tuple[str, ...]
    volumes: tuple[LostVolume, ...]
    #: Names with the path of their environment: `acme/shop/production/DATABASE_URL`.
    secrets: tuple[str, ...]
    #: Deployments that are cancelled: `acme/shop/production/api d5`.
    under_way: tuple[str, ...]


async def service_loss(platform: Platform, actor: Actor, path: ServicePath) -> Loss:
    """What goes with a service."""
    async with platform.database.read() as tx:
        found = await _loss(tx, str(path), [], [await access.service(tx, actor, path)])
    return await _measured(platform, found)


async def environment_loss(platform: Platform, actor: Actor, path: EnvironmentPath) -> Loss:
    """What goes with an environment."""
    async with platform.database.read() as tx:
        environment = await access.environment(tx, actor, path.workspace, path.project, path.environment)
        found = await _loss(tx, str(path), [(str(path), environment)], await _inside(tx, environment))
    return await _measured(platform, found)


async def project_loss(platform: Platform, actor: Actor, workspace: str, project: str) -> Loss:
    """What goes with a project."""
    path = f"{workspace}/{project}"
    async with platform.database.read() as tx:
        known = await tenancy.environments(tx, await access.project(tx, actor, workspace, project))
        inside = [service for environment in known for service in await _inside(tx, environment)]
        found = await _loss(tx, path, [(f"{path}/{each.slug}", each) for each in known], inside)
    return await _measured(platform, found)


async def delete_service(platform: Platform, actor: Actor, path: ServicePath, *, confirm: str) -> None:
    """Stop and forget a service with all that is in its volumes. `confirm` must be its path.

    It is begun when this has made its mark: from then on nobody finds it, whatever it has in the queue or under way is
    cancelled, and if Shipway dies the next start goes on. Returns when nothing of it is left. Raises `Invalid`.
    """
    _check(confirm, str(path), "service")
    async with platform.database.write() as tx:
        marked = await deletion.mark_service(tx, (await access.service(tx, actor, path)).id)
    await pipeline.delete(platform, marked)


async def delete_environment(platform: Platform, actor: Actor, path: EnvironmentPath, *, confirm: str) -> None:
    """The same for an environment, with its services, its config vars and its secrets."""
    _check(confirm, str(path), "environment")
    async with platform.database.write() as tx:
        found = await access.environment(tx, actor, path.workspace, path.project, path.environment)
        marked = await deletion.mark_environment(tx, found.id)
    await pipeline.delete(platform, marked)


async def delete_project(platform: Platform, actor: Actor, workspace: str, project: str, *, confirm: str) -> None:
    """The same for a project, with its environments."""
    _check(confirm, f"{workspace}/{project}", "project")
    async with platform.database.write() as tx:
        marked = await deletion.mark_project(tx, (await access.project(tx, actor, workspace, project)).id)
    await pipeline.delete(platform, marked)


def _check(confirm: str, path: str, noun: str) -> None:
    if confirm.strip("/") != path:
        raise Invalid("The confirmation does not match.", hint=f"Type the {noun}'s whole path: {path}")


async def _inside(tx: Tx, environment: Environment) -> list[Service]:
    return [each for each in await services.listed(tx, environment_id=environment.id) if not each.deleting]


async def _loss(tx: Tx, path: str, environments: Sequence[tuple[str, Environment]], inside: Sequence[Service]) -> Loss:
    moving = [(each, made) for each in inside for made in await deployments.unfinished(tx, each.id)]
    kept = [(each, volume) for each in inside for volume in await volumes.of_service(tx, each.id)]
    named = [(home, name) for home, each in environments for name in await secrets.listed(tx, each.id)]
    return Loss(
        path,
        environments=tuple(home for home, _ in environments),
        services=tuple(str(each.path) for each in inside),
        hosts=tuple(host for each in inside for host in each.hosts),
        volumes=tuple(_lost(each, volume) for each, volume in kept),
        secrets=tuple(f"{home}/{name}" for home, name in named),
        under_way=tuple(f"{each.path} d{made.number}" for each, made in moving),
    )


def _lost(service: Service, volume: StoredVolume) -> LostVolume:
    return LostVolume(volume.id, str(service.path), str(volume.place), None, volume.binned_at is not None)


async def _measured(platform: Platform, loss: Loss) -> Loss:
    sizes = await volume_sizes(platform) if loss.volumes else {}
    return replace(loss, volumes=tuple(replace(each, size=sizes.get(each.id)) for each in loss.volumes))
