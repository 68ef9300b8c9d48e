"""Deployments and their states."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from shipway.domain.clock import now
from shipway.domain.codec import decode, encode
from shipway.domain.deployment import UNFINISHED, Action, Deployment, DeploymentState, Failure, Guarded
from shipway.domain.ids import new_id
from shipway.domain.origin import ImageOrigin
from shipway.domain.rebuild import Rebuild
from shipway.domain.source import Revision
from shipway.store import services
from shipway.store import tables as t
from shipway.store.database import Tx


async def create(
    tx: Tx,
    service_id: str,
    action: Action,
    *,
    trigger: str,
    actor: str,
    revision: Revision,
    release_id: str | None,
    image_from: ImageOrigin | None = None,
    rebuild: Rebuild | None = None,
    built_for: tuple[str, ...] = (),
    zero_downtime: bool = False,
) -> Deployment:
    """A queued deployment with the service's next number."""
    values: dict[str, Any] = {
        "id": new_id("dep"),
        "service_id": service_id,
        "number": await services.next_number(tx, service_id, "deployment"),
        "action": action,
        "state": "queued",
        "trigger": trigger,
        "actor": actor,
        "revision": encode(revision),
        "release_id": release_id,
        "cancel_requested": False,
        "zero_downtime": zero_downtime,
        "weakly_verified": "",
        "created_at": now(),
    }
    if image_from is not None:
        values["image_from"] = encode(image_from)
    if rebuild is not None:
        values["rebuild"] = encode(rebuild)
    if built_for:
        values["built_for"] = list(built_for)
    await tx.execute(insert(t.deployments).values(values))
    return await get(tx, values["id"])


async def get(tx: Tx, deployment_id: str) -> Deployment:
    """By id; the caller knows that it exists."""
    return _deployment((await tx.execute(_query().where(t.deployments.c.id == deployment_id))).one())


async def find(tx: Tx, deployment_id: str) -> Deployment | None:
    """By id."""
    row = (await tx.execute(_query().where(t.deployments.c.id == deployment_id))).one_or_none()
    return _deployment(row) if row else None


async def by_number(tx: Tx, service_id: str, number: int) -> Deployment | None:
    """By its number in the service."""
    query = _query().where(t.deployments.c.service_id == service_id, t.deployments.c.number == number)
    row = (await tx.execute(query)).one_or_none()
    return _deployment(row) if row else None


async def of_service(tx: Tx, service_id: str, *, limit: int = 50, before: int | None = None) -> list[Deployment]:
    """Newest first; `before` a number, for the next page."""
    query = _query().where(t.deployments.c.service_id == service_id)
    if before is not None:
        query = query.where(t.deployments.c.number < before)
    rows = await tx.execute(query.order_by(t.deployments.c.number.desc()).limit(limit))
    return [_deployment(row) for row in rows]


async def that_made_live(tx: Tx, release_id: str) -> list[Deployment]:
    """Those by which a release got the traffic, the last one first."""
    table = t.deployments
    query = _query().where(table.c.release_id == release_id, table.c.live_at.isnot(None))
    return [_deployment(row) for row in await tx.execute(query.order_by(table.c.live_at.desc()))]


async def unfinished(tx: Tx, service_id: str | None = None) -> list[Deployment]:
    """Queued, running or ready ones, oldest first."""
    query = _query().where(t.deployments.c.state.in_(UNFINISHED)).order_by(t.deployments.c.created_at)
    if service_id:
        query = query.where(t.deployments.c.service_id == service_id)
    return [_deployment(row) for row in await tx.execute(query)]


async def previously_live(tx: Tx, service_id: str) -> list[Deployment]:
    """Those that had the traffic once and no longer do, the last one first."""
    table = t.deployments
    query = _query().where(table.c.service_id == service_id, table.c.state == "superseded", table.c.live_at.isnot(None))
    return [_deployment(row) for row in await tx.execute(query.order_by(table.c.live_at.desc()))]


async def unguarded(tx: Tx, *, since: datetime) -> list[Deployment]:
    """Live ones that went live after `since` and of which the guard has not said anything."""
    table = t.deployments
    query = _query().where(table.c.state == "live", table.c.live_at > since, table.c.guarded.is_(None))
    return [_deployment(row) for row in await tx.execute(query)]


async def mark(
    tx: Tx,
    deployment_id: str,
    state: DeploymentState | None = None,
    *,
    failure: Failure | None = None,
    started_at: datetime | None = None,
    live_at: datetime | None = None,
    finished_at: datetime | None = None,
    release_id: str | None = None,
    weakly_verified: str | None = None,
    cancel_requested: bool | None = None,
    promote_requested: bool | None = None,
    guarded: Guarded | None = None,
    rebuild: Rebuild | None = None,
    built_for: tuple[str, ...] | None = None,
) -> None:
    """Record what is given and leave the rest."""
    values = {
        "state": state,
        "failure": failure and encode(failure),
        "started_at": started_at,
        "live_at": live_at,
        "finished_at": finished_at,
        "release_id": release_id,
        "weakly_verified": weakly_verified,
        "cancel_requested": cancel_requested,
        "promote_requested": promote_requested,
        "guarded": guarded and encode(guarded),
        "rebuild": rebuild and encode(rebuild),
        "built_for": None if built_for is None else list(built_for),
    }
    given = {name: value for name, value in values.items() if value is not None}
    await tx.execute(update(t.deployments).where(t.deployments.c.id == deployment_id).values(given))


def _query() -> Select[Any]:
    joined = t.deployments.outerjoin(t.releases, t.releases.c.id == t.deployments.c.release_id)
    return select(t.deployments, t.releases.c.number.label("release_number")).select_from(joined)


def _deployment(row: Row[Any]) -> Deployment:
    return Deployment(
        id=row.id,
        service_id=row.service_id,
        number=row.number,
        action=row.action,
        state=row.state,
        trigger=row.trigger,
        actor=row.actor,
        revision=decode(Revision, row.revision),
        release_id=row.release_id,
        release_number=row.release_number,
        failure=decode(Failure, row.failure) if row.failure else None,
        cancel_requested=row.cancel_requested,
        created_at=row.created_at,
        started_at=row.started_at,
        live_at=row.live_at,
        finished_at=row.finished_at,
        weakly_verified=row.weakly_verified,
        promote_requested=row.promote_requested,
        zero_downtime=row.zero_downtime,
        guarded=decode(Guarded, row.guarded) if row.guarded else None,
        image_from=decode(ImageOrigin, row.image_from) if row.image_from else None,
        rebuild=decode(Rebuild, row.rebuild) if row.rebuild else None,
        built_for=tuple(row.built_for or ()),
    )
