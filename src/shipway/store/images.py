"""Images that builds put into the registry, as far as it is to be known which are still there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from shipway.domain.artifacts import Image
from shipway.domain.clock import now
from shipway.domain.codec import decode
from shipway.store import tables as t
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class MadeImage:
    """What one build pushed. Several builds may have made the same."""

    number: int
    deployment_id: str
    digest: str
    size: int
    created_at: datetime
    removed_at: datetime | None


async def made(tx: Tx, service_id: str) -> list[MadeImage]:
    """A service's, newest first."""
    own = t.builds.c
    query = select(own.number, own.deployment_id, own.digest, own.size, own.created_at, own.removed_at)
    rows = await tx.execute(query.where(own.service_id == service_id, own.digest != "").order_by(own.number.desc()))
    return [MadeImage(r.number, r.deployment_id, r.digest, r.size or 0, r.created_at, r.removed_at) for r in rows]


async def of_releases(tx: Tx, service_id: str) -> list[Image]:
    """Those that a service's releases have, whichever service they were built for; not what a user named."""
    rows = await tx.execute(select(t.releases.c.image).where(t.releases.c.service_id == service_id))
    found = (decode(Image, each) for each in rows.scalars())
    return list({each.reference: each for each in found if each.build}.values())


async def is_known(tx: Tx, path: str, digest: str) -> bool:
    """Whether a build of the service at `path` made it."""
    built = t.builds.join(t.services, t.services.c.id == t.builds.c.service_id)
    query = select(t.builds.c.id).select_from(built).where(t.services.c.path == path, t.builds.c.digest == digest)
    return (await tx.execute(query.limit(1))).first() is not None


async def removed(tx: Tx, service_id: str, digest: str) -> None:
    """The registry has it no longer."""
    own = (t.builds.c.service_id == service_id) & (t.builds.c.digest == digest) & t.builds.c.removed_at.is_(None)
    await tx.execute(update(t.builds).where(own).values(removed_at=now()))


async def is_back(tx: Tx, service_id: str, digest: str) -> None:
    """The registry has it again: it was built once more."""
    own = (t.builds.c.service_id == service_id) & (t.builds.c.digest == digest)
    await tx.execute(update(t.builds).where(own).values(removed_at=None))
