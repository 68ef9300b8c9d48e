"""Releases: inserted once, never changed."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from shipway.domain.artifacts import Image
from shipway.domain.clock import now
from shipway.domain.codec import decode, encode
from shipway.domain.deployment import Action
from shipway.domain.ids import new_id
from shipway.domain.origin import ImageOrigin
from shipway.domain.process import ProcessType
from shipway.domain.release import Given, Release, release_hash
from shipway.domain.service import ServiceSettings
from shipway.store import services
from shipway.store import tables as t
from shipway.store.database import Tx


async def ensure(
    tx: Tx,
    service_id: str,
    deployment_id: str,
    *,
    image: Image,
    given: Given,
    processes: tuple[ProcessType, ...],
    port: int,
    settings: ServiceSettings,
    release_command: str,
    revision: str,
    derived_from: int | None = None,
    image_from: ImageOrigin | None = None,
    rebuilt: bool = False,
) -> Release:
    """The release that this deployment makes: made now with the next number, or as it was made before a crash."""
    if made := await made_by(tx, deployment_id):
        return made
    values: dict[str, Any] = {
        "id": new_id("rel"),
        "service_id": service_id,
        "deployment_id": deployment_id,
        "number": await services.next_number(tx, service_id, "release"),
        "image": encode(image),
        "config": dict(given.config),
        "secrets": dict(given.secrets),
        "secret_files": dict(given.secret_files),
        "files": dict(given.files),
        "processes": encode(processes),
        "port": port,
        "settings": encode(settings),
        "config_hash": given.hash,
        "hash": release_hash(
            image=image,
            given=given,
            processes=processes,
            port=port,
            settings=settings,
            release_command=release_command,
        ),
        "release_command": release_command,
        "revision": revision,
        "derived_from": derived_from,
        "rebuilt": rebuilt,
        "created_at": now(),
    }
    if image_from is not None:
        values["image_from"] = encode(image_from)
    await tx.execute(insert(t.releases).values(values))
    return await get(tx, values["id"])


async def ensure_like(tx: Tx, service_id: str, deployment_id: str, wanted: Release) -> Release:
    """The same, of what a release that is not made yet is to hold; what identifies it is its own."""
    return await ensure(
        tx,
        service_id,
        deployment_id,
        image=wanted.image,
        given=wanted.given,
        processes=wanted.processes,
        port=wanted.port,
        settings=wanted.settings,
        release_command=wanted.release_command,
        revision=wanted.commit,
        derived_from=wanted.derived_from,
        image_from=wanted.image_from,
        rebuilt=wanted.rebuilt,
    )


async def get(tx: Tx, release_id: str) -> Release:
    """By id; the caller knows that it exists."""
    return _release((await tx.execute(select(t.releases).where(t.releases.c.id == release_id))).one())


async def find(tx: Tx, release_id: str) -> Release | None:
    """By id; `None` when it went with its service."""
    row = (await tx.execute(select(t.releases).where(t.releases.c.id == release_id))).one_or_none()
    return _release(row) if row else None


async def of_deployments(tx: Tx, deployment_ids: Sequence[str]) -> dict[str, Release]:
    """The releases that deployments make live, by deployment, as far as they are made."""
    joined = t.releases.join(t.deployments, t.deployments.c.release_id == t.releases.c.id)
    query = select(t.releases, t.deployments.c.id.label("by")).select_from(joined)
    rows = await tx.execute(query.where(t.deployments.c.id.in_(deployment_ids)))
    return {row.by: _release(row) for row in rows}


async def made_by(tx: Tx, deployment_id: str) -> Release | None:
    """The one that a deployment made, if it has come so far."""
    row = (await tx.execute(select(t.releases).where(t.releases.c.deployment_id == deployment_id))).one_or_none()
    return _release(row) if row else None


async def by_number(tx: Tx, service_id: str, number: int) -> Release | None:
    """By its number in the service."""
    query = select(t.releases).where(t.releases.c.service_id == service_id, t.releases.c.number == number)
    row = (await tx.execute(query)).one_or_none()
    return _release(row) if row else None


async def of_service(tx: Tx, service_id: str, *, limit: int = 50) -> list[Release]:
    """Newest first."""
    table = t.releases
    query = select(table).where(table.c.service_id == service_id).order_by(table.c.number.desc()).limit(limit)
    return [_release(row) for row in await tx.execute(query)]


async def with_command(tx: Tx, service_id: str, *, made_by: Collection[Action]) -> list[int]:
    """Numbers of the releases that have a release command, of those that such deployments made."""
    table = t.releases
    made = table.join(t.deployments, t.deployments.c.id == table.c.deployment_id)
    query = select(table.c.number).select_from(made).where(table.c.service_id == service_id)
    rows = await tx.execute(query.where(table.c.release_command != "", t.deployments.c.action.in_(made_by)))
    return list(rows.scalars())


def _release(row: Row[Any]) -> Release:
    return Release(
        id=row.id,
        service_id=row.service_id,
        number=row.number,
        image=decode(Image, row.image),
        given=Given(row.config, row.secrets, row.secret_files, row.files),
        processes=decode(tuple[ProcessType, ...], row.processes),
        port=row.port,
        settings=decode(ServiceSettings, row.settings),
        config_hash=row.config_hash,
        created_at=row.created_at,
        release_command=row.release_command,
        commit=row.revision,
        derived_from=row.derived_from,
        image_from=decode(ImageOrigin, row.image_from) if row.image_from else None,
        hash=row.hash,
        rebuilt=row.rebuilt,
    )
