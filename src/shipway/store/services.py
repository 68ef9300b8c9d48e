"""Services, their hosts and their counters."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from shipway.domain.clock import now
from shipway.domain.codec import decode, encode
from shipway.domain.errors import Conflict
from shipway.domain.following import Following
from shipway.domain.ids import new_id
from shipway.domain.names import ServicePath
from shipway.domain.process import Limits
from shipway.domain.push import repository_key
from shipway.domain.service import Service, ServiceSettings, TrafficMode
from shipway.domain.source import GitSource, Source
from shipway.domain.tenancy import Environment
from shipway.store import tables as t
from shipway.store import tenancy
from shipway.store.database import Tx


async def create(
    tx: Tx, environment: Environment, path: ServicePath, *, workspace_id: str, source: Source, settings: ServiceSettings
) -> Service:
    """A service with no host and nothing running. Raises `Conflict` when the path is taken."""
    values: dict[str, Any] = {
        "id": new_id("svc"),
        "environment_id": environment.id,
        "workspace_id": workspace_id,
        "slug": path.service,
        "path": str(path),
        "source": encode(source),
        "repository": _repository(source),
        "settings": encode(settings),
        "scale": {},
        "last_build": 0,
        "last_release": 0,
        "last_deployment": 0,
        "created_at": now(),
    }
    try:
        async with tx.begin_nested():
            await tx.execute(insert(t.services).values(values))
    except IntegrityError as error:
        raise await _taken(tx, path) from error
    return await get(tx, values["id"])


async def set_hosts(tx: Tx, service_id: str, hosts: Sequence[str]) -> None:
    """Replace a service's hosts. Raises `Conflict` naming the first one that belongs to another service."""
    await tx.execute(delete(t.hosts).where(t.hosts.c.service_id == service_id))
    for position, host in enumerate(hosts):
        try:
            async with tx.begin_nested():
                await tx.execute(insert(t.hosts).values(host=host, service_id=service_id, position=position))
        except IntegrityError as error:
            raise Conflict(
                f"The host {host} is taken: one host leads to one service.",
                hint="Choose another with --host.",
            ) from error


async def has_host(tx: Tx, host: str) -> bool:
    """Whether any service has it."""
    return (await tx.execute(select(t.hosts.c.host).where(t.hosts.c.host == host))).first() is not None


async def get(tx: Tx, service_id: str) -> Service:
    """By id; the caller knows that it exists."""
    row = (await tx.execute(select(t.services).where(t.services.c.id == service_id))).one()
    return (await _services(tx, [row]))[0]


async def by_path(tx: Tx, path: ServicePath) -> Service | None:
    """By its address; not one that is being deleted."""
    query = select(t.services).where(t.services.c.path == str(path), t.services.c.deleting_at.is_(None))
    return next(iter(await _services(tx, (await tx.execute(query)).all())), None)


async def listed(tx: Tx, *, environment_id: str | None = None) -> list[Service]:
    """All, or those of one environment, those that are being deleted included; by path."""
    query = select(t.services).order_by(t.services.c.path)
    if environment_id is not None:
        query = query.where(t.services.c.environment_id == environment_id)
    return await _services(tx, (await tx.execute(query)).all())


async def having(tx: Tx, workspace_id: str, repositories: Sequence[str]) -> list[Service]:
    """Those of a workspace that are deployed from a repository that has one of these keys; by path."""
    mine = (t.services.c.workspace_id == workspace_id) & t.services.c.deleting_at.is_(None)
    query = select(t.services).where(mine, t.services.c.repository.in_([key for key in repositories if key]))
    return await _services(tx, (await tx.execute(query.order_by(t.services.c.path))).all())


async def next_number(tx: Tx, service_id: str, counter: Literal["build", "release", "deployment"]) -> int:
    """Take the next number of one of a service's counters; numbers are never given twice."""
    column = t.services.c[f"last_{counter}"]
    query = update(t.services).where(t.services.c.id == service_id).values({column: column + 1}).returning(column)
    return int((await tx.execute(query)).scalar_one())


async def last_number(tx: Tx, service_id: str, counter: Literal["build", "release", "deployment"]) -> int:
    """The number that was taken last of one of a service's counters; 0 for none."""
    query = select(t.services.c[f"last_{counter}"]).where(t.services.c.id == service_id)
    return int((await tx.execute(query)).scalar_one())


async def change(
    tx: Tx,
    service_id: str,
    *,
    settings: ServiceSettings | None = None,
    source: Source | None = None,
    scale: dict[str, int] | None = None,
) -> None:
    """Replace what is given."""
    values = {"settings": settings and encode(settings), "source": source and encode(source), "scale": scale}
    if source is not None:
        values["repository"] = _repository(source)
    given = {name: value for name, value in values.items() if value is not None}
    if given:
        await tx.execute(update(t.services).where(t.services.c.id == service_id).values(given))


async def set_live(tx: Tx, service_id: str, deployment_id: str | None) -> None:
    """Record which deployment has the traffic."""
    query = update(t.services).where(t.services.c.id == service_id).values(live_deployment_id=deployment_id)
    await tx.execute(query)


async def set_traffic(tx: Tx, service_id: str, mode: TrafficMode) -> None:
    """Record whether requests reach its instances."""
    await tx.execute(update(t.services).where(t.services.c.id == service_id).values(traffic=mode))


async def hold(tx: Tx, service_id: str, reason: str) -> None:
    """Record why nothing is deployed by itself; an empty reason: it is again."""
    await tx.execute(update(t.services).where(t.services.c.id == service_id).values(held=reason))


async def set_following(tx: Tx, service_id: str, following: Following) -> None:
    """Record which pushes are deployed by themselves."""
    query = update(t.services).where(t.services.c.id == service_id).values(following=encode(following))
    await tx.execute(query)


async def remove(tx: Tx, service_id: str) -> None:
    """Delete a service with its hosts, config, deployments and releases."""
    await tx.execute(delete(t.services).where(t.services.c.id == service_id))


async def _taken(tx: Tx, path: ServicePath) -> Conflict:
    if await by_path(tx, path) is None:
        return Conflict(f"What was at {path} is still being deleted.", hint="Try again in a moment.")
    return Conflict(f"There is a service at {path} already.", hint="Deploy it, or choose another name.")


async def _services(tx: Tx, rows: Sequence[Row[Any]]) -> list[Service]:
    ids = [row.id for row in rows]
    query = select(t.hosts).where(t.hosts.c.service_id.in_(ids)).order_by(t.hosts.c.position)
    hosts: dict[str, list[str]] = {}
    for host in await tx.execute(query):
        hosts.setdefault(host.service_id, []).append(host.host)
    limits = await tenancy.limits(tx, {row.environment_id for row in rows})
    return [_service(row, tuple(hosts.get(row.id, ())), limits[row.environment_id]) for row in rows]


def _repository(source: Source) -> str:
    return repository_key(source.url) if isinstance(source, GitSource) else ""


def _service(row: Row[Any], hosts: tuple[str, ...], limits: Limits) -> Service:
    return Service(
        id=row.id,
        environment_id=row.environment_id,
        workspace_id=row.workspace_id,
        path=ServicePath.parse(row.path),
        source=decode(Source, row.source),  # type: ignore[arg-type]
        settings=decode(ServiceSettings, row.settings),
        scale=dict(row.scale),
        hosts=hosts,
        live_deployment_id=row.live_deployment_id,
        created_at=row.created_at,
        traffic=row.traffic,
        held=row.held,
        following=decode(Following, row.following),
        deleting=row.deleting_at is not None,
        limits=limits,
    )
