"""Services: create, look at, change. `deletion.py` deletes them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from shipway.domain.clock import now
from shipway.domain.deployment import UNFINISHED, Deployment
from shipway.domain.desired import replaced
from shipway.domain.errors import Conflict, Forbidden, Invalid, Unavailable
from shipway.domain.names import ServicePath, host, slug
from shipway.domain.service import Service, ServiceSettings, ServiceState
from shipway.domain.settings_rules import check_settings
from shipway.domain.source import GitSource, ImageSource, Source
from shipway.domain.vitals import Vitals
from shipway.domain.workload import Instance
from shipway.operations import access, tenancy
from shipway.operations.access import Actor
from shipway.pipeline.images import refuse_foreign_image
from shipway.pipeline.platform import Platform
from shipway.store import deployments, restarts, rollouts, services
from shipway.store.database import Tx

#: A DNS label may have 63 characters; a suffix needs some.
_LONGEST_LABEL = 56


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service and how it is."""

    service: Service
    state: ServiceState
    url: str
    live: Deployment | None
    latest: Deployment | None
    vitals: Vitals
    instances: tuple[Instance, ...] = ()
    #: Why its instances can't be seen; `None` when they can, or nobody looked.
    blind: Unavailable | None = None


async def create_service(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    source: Source,
    *,
    settings: ServiceSettings | None = None,
    hosts: Sequence[str] = (),
    create_parents: bool = False,
) -> Service:
    """A service with nothing running yet. Raises `Conflict` when the path or one of its hosts is taken."""
    async with platform.database.write() as tx:
        return await add_service(
            tx, platform, actor, path, source, settings=settings, hosts=hosts, create_parents=create_parents
        )


async def add_service(
    tx: Tx,
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    source: Source,
    *,
    settings: ServiceSettings | None = None,
    hosts: Sequence[str] = (),
    create_parents: bool = False,
) -> Service:
    """The same in a transaction of the caller's."""
    check_source(platform, actor, path, source)
    if create_parents:
        await tenancy.ensure_environment(tx, actor, path.workspace, path.project, path.environment)
    workspace = await access.workspace(tx, actor, path.workspace)
    environment = await access.environment(tx, actor, path.workspace, path.project, path.environment)
    service = await services.create(
        tx,
        environment,
        replace(path, service=slug(path.service, "service")),
        workspace_id=workspace.id,
        source=source,
        settings=settings or ServiceSettings(),
    )
    chosen = [host(name) for name in hosts] or [await default_host(tx, platform, path)]
    await services.set_hosts(tx, service.id, chosen)
    return await services.get(tx, service.id)


async def get_service(
    platform: Platform, actor: Actor, path: ServicePath, *, with_instances: bool = True
) -> ServiceView:
    """A service with its state and, unless told otherwise, its instances. While the engine is away the rest is told without
    them: that is when it is asked for most."""
    async with platform.database.read() as tx:
        view = await _view(tx, platform, await access.service(tx, actor, path))
    if not with_instances:
        return view
    try:
        instances = await platform.engine.instances(service=view.service.id)
    except Unavailable as error:
        return replace(view, blind=error)
    degraded = view.state == "running" and not view.vitals.are_complete(instances)
    return replace(view, instances=tuple(instances), state="degraded" if degraded else view.state)


async def list_services(
    platform: Platform, actor: Actor, *, workspace: str = "", project: str = "", environment: str = ""
) -> list[ServiceView]:
    """The services the actor may see, of one workspace, project or environment where given; by path."""
    async with platform.database.read() as tx:
        if workspace:
            await access.workspace(tx, actor, workspace)
        visible = [
            service
            for service in await services.listed(tx)
            if actor.sees(service.workspace_id) and not service.deleting
        ]
        wanted = {"workspace": workspace, "project": project, "environment": environment}
        chosen = [
            service
            for service in visible
            if all(not value or getattr(service.path, part) == value for part, value in wanted.items())
        ]
        return [await _view(tx, platform, service) for service in chosen]


async def change_service(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    settings: Mapping[str, Any] | None = None,
    source: Source | None = None,
    hosts: Sequence[str] | None = None,
) -> Service:
    """Change what is given; settings and source count from the next deployment on, hosts at once."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        if source is not None:
            check_source(platform, actor, path, source)
            if type(source) is not type(service.source):
                raise Conflict("A service keeps its kind of source.", hint="Create another service for the other kind.")
        changed = merged(service.settings, settings) if settings else None
        await services.change(tx, service.id, settings=changed, source=source)
        if hosts is not None:
            await services.set_hosts(tx, service.id, [host(name) for name in hosts])
        service = await services.get(tx, service.id)
    if hosts is not None:
        await platform.routes.reconcile()
    return service


def default_hosts(platform: Platform, path: ServicePath) -> tuple[str, str]:
    """`<service>-<environment>-<project>.<base domain>`, and what it is where that is too long, or another tenant's."""
    label, domain = path.default_label, platform.settings.base_domain
    suffix = hashlib.sha256(str(path).encode()).hexdigest()[:6]
    return f"{label}.{domain}", f"{label[:_LONGEST_LABEL].rstrip('-')}-{suffix}.{domain}"


async def default_host(tx: Tx, platform: Platform, path: ServicePath) -> str:
    """The one of them that is free for a service that has none."""
    name, own = default_hosts(platform, path)
    return own if len(path.default_label) > _LONGEST_LABEL or await services.has_host(tx, name) else name


def merged(settings: ServiceSettings, changes: Mapping[str, Any]) -> ServiceSettings:
    """The settings with some fields changed; a nested mapping changes some fields of what is nested. Raises `Invalid`
    for what can't be meant."""
    changed: ServiceSettings = replaced(settings, changes)
    check_settings(settings, changed)
    return changed


def check_source(platform: Platform, actor: Actor, path: ServicePath, source: Source) -> None:
    """Raise `Invalid` or `Forbidden` for what the actor can't deploy from."""
    subdirectory = getattr(source, "subdirectory", "")
    if subdirectory and (PurePosixPath(subdirectory).is_absolute() or ".." in PurePosixPath(subdirectory).parts):
        raise Invalid(
            f"{subdirectory!r} is not a directory inside the source.", hint="Give it relative to the root: apps/api"
        )
    if isinstance(source, ImageSource):
        refuse_foreign_image(platform, path, source.reference)
    if isinstance(source, GitSource) and source.url.startswith(("/", "file:")) and not actor.user.admin:
        raise Forbidden("Only an administrator may deploy a path on the server's machine.", hint="Give a URL.")
    if isinstance(source, GitSource) and not source.url.strip():
        raise Invalid(
            "The repository's URL is empty.", hint="Give an https or ssh URL, or a path on the server's machine."
        )


async def _view(tx: Tx, platform: Platform, service: Service) -> ServiceView:
    latest = next(iter(await deployments.of_service(tx, service.id, limit=1)), None)
    live = await deployments.get(tx, service.live_deployment_id) if service.live_deployment_id else None
    url = platform.settings.app_url(service.hosts[0]) if service.hosts else ""
    vitals = await _vitals(tx, live) if live else Vitals()
    return ServiceView(service, _state(latest, live, vitals), url, live, latest, vitals)


async def _vitals(tx: Tx, live: Deployment) -> Vitals:
    found = [each for each in await rollouts.listed(tx, live.service_id) if each.deployment_id == live.id]
    if not found:
        return Vitals()
    wanted = frozenset(found[0].instances) - frozenset(found[0].parked)
    return Vitals(wanted, wanted & frozenset(found[0].unready), await restarts.of_rollout(tx, live.id))


def _state(latest: Deployment | None, live: Deployment | None, vitals: Vitals) -> ServiceState:
    """A failed deployment over a serving one leaves the service running (S1.4)."""
    if latest and latest.state in UNFINISHED:
        return "deploying"
    if live:
        return "running" if vitals.are_good(now()) else "degraded"
    return "failed" if latest and latest.state == "failed" else "stopped"
