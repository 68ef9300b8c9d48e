"""Builds: one row per attempt, numbered per service; the number is the image's tag."""

from sqlalchemy import insert, select, update

from shipway.domain.clock import now
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


async def pushed(tx: Tx, deployment_id: str, digest: str) -> None:
    """Record what the build ended in."""
    await tx.execute(update(t.builds).where(t.builds.c.deployment_id == deployment_id).values(digest=digest))
