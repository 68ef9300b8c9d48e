"""Builds: one row per attempt, numbered per service; the number is the image's tag."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from shipway.domain.build import BaseImage, Build
from shipway.domain.clock import now
from shipway.domain.codec import decode, encode
from shipway.domain.deployment import Failure
from shipway.domain.ids import new_id
from shipway.store import services
from shipway.store import tables as t
from shipway.store.database import Tx


async def ensure(tx: Tx, service_id: str, deployment_id: str, *, revision: str, provider: str, dockerfile: str) -> int:
    """The number of this deployment's build, taken once however often this is called."""
    query = select(t.builds.c.number).where(t.builds.c.deployment_id == deployment_id)
    number = (await tx.execute(query)).scalar_one_or_none()
    if number is not None:
        return int(number)
    number = await services.next_number(tx, service_id, "build")
    values = {
        "id": new_id("bld"),
        "service_id": service_id,
        "deployment_id": deployment_id,
        "number": number,
        "revision": revision,
        "provider": provider,
        "dockerfile": dockerfile,
        "digest": "",
        "created_at": now(),
    }
    await tx.execute(insert(t.builds).values(values))
    return number


async def started(tx: Tx, deployment_id: str, *, arguments: Sequence[str], secrets: Sequence[str]) -> None:
    """It begins, with build arguments and secrets of these names; whatever an earlier attempt ended in is past."""
    past: dict[str, Any] = dict.fromkeys(("finished_at", "seconds", "steps", "cached", "bases", "failure"))
    await _record(tx, deployment_id, past | _beginning(arguments, secrets))


async def built(
    tx: Tx, deployment_id: str, *, bases: Sequence[BaseImage], steps: int, cached: int, seconds: float
) -> None:
    """It made an image."""
    values = {"bases": encode(bases), "steps": steps, "cached": cached, "seconds": seconds, "finished_at": now()}
    await _record(tx, deployment_id, values)


async def failed(tx: Tx, deployment_id: str, failure: Failure, *, seconds: float) -> None:
    """It made none."""
    await _record(tx, deployment_id, {"failure": encode(failure), "seconds": seconds, "finished_at": now()})


async def pushed(tx: Tx, deployment_id: str, digest: str, size: int) -> None:
    """The registry has it: as what, and how many bytes."""
    await _record(tx, deployment_id, {"digest": digest, "size": size})


async def of_service(tx: Tx, service_id: str, *, limit: int, before: int | None = None) -> list[Build]:
    """Newest first, with a number below `before`."""
    query = _query().where(t.builds.c.service_id == service_id).order_by(t.builds.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(t.builds.c.number < before)
    return [_build(row) for row in await tx.execute(query)]


async def by_number(tx: Tx, service_id: str, number: int) -> tuple[Build, str] | None:
    """A build and its Dockerfile's text."""
    return await _with_dockerfile(tx, t.builds.c.service_id == service_id, t.builds.c.number == number)


async def of_deployment(tx: Tx, deployment_id: str) -> tuple[Build, str] | None:
    """The same of a deployment; `None` when it builds nothing, or has not come to it yet."""
    return await _with_dockerfile(tx, t.builds.c.deployment_id == deployment_id)


async def _with_dockerfile(tx: Tx, *where: Any) -> tuple[Build, str] | None:
    row = (await tx.execute(_query().where(*where))).one_or_none()
    return (_build(row), row.dockerfile) if row else None


async def _record(tx: Tx, deployment_id: str, values: dict[str, Any]) -> None:
    await tx.execute(update(t.builds).where(t.builds.c.deployment_id == deployment_id).values(values))


def _beginning(arguments: Sequence[str], secrets: Sequence[str]) -> dict[str, list[str] | datetime]:
    return {"arguments": list(arguments), "secrets": list(secrets), "started_at": now()}


def _query() -> Select[Any]:
    joined = t.builds.join(t.deployments, t.deployments.c.id == t.builds.c.deployment_id)
    deployment = (t.deployments.c.number.label("deployment"), t.deployments.c.failure.label("deployment_failure"))
    return select(t.builds, *deployment).select_from(joined)


def _build(row: Row[Any]) -> Build:
    # One that was cut off, or is older than these records, ended as its deployment did.
    failure = row.failure or (None if row.digest or row.finished_at else row.deployment_failure)
    return Build(
        id=row.id,
        deployment_id=row.deployment_id,
        deployment=row.deployment,
        number=row.number,
        revision=row.revision,
        provider=row.provider,
        dockerfile_sha256=hashlib.sha256(row.dockerfile.encode()).hexdigest(),
        digest=row.digest,
        size=row.size or 0,
        bases=decode(tuple[BaseImage, ...], row.bases or ()),
        arguments=tuple(row.arguments or ()),
        secrets=tuple(row.secrets or ()),
        steps=row.steps or 0,
        cached=row.cached or 0,
        seconds=row.seconds,
        failure=decode(Failure, failure) if failure else None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
