"""What may change about releases, which themselves never do: whether one is pinned, and whether its image is still there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, or_, select, update

from shipway.domain.artifacts import Image
from shipway.domain.clock import now
from shipway.domain.codec import decode
from shipway.domain.retention import Mark
from shipway.domain.service import Service
from shipway.store import tables as t
from shipway.store.database import Tx

_REFERENCE = t.releases.c.image["reference"].as_string()


@dataclass(frozen=True, slots=True)
class MarkedRelease:
    """Of a release, what says whether its image is needed."""

    id: str
    service_id: str
    number: int
    image: Image
    created_at: datetime
    mark: Mark


async def of(tx: Tx, release_ids: Collection[str]) -> dict[str, Mark]:
    """By release; one that was never marked has an empty one."""
    rows = await tx.execute(select(t.release_marks).where(t.release_marks.c.release_id.in_(release_ids)))
    return dict.fromkeys(release_ids, Mark()) | {row.release_id: Mark(row.pinned, row.pruned_at) for row in rows}


async def around(tx: Tx, service: Service, repository: str) -> list[MarkedRelease]:
    """The releases of a service, and those of its workspace that have an image of `repository`; newest first."""
    within = _query().where(t.services.c.workspace_id == service.workspace_id)
    there = _REFERENCE.startswith(f"{repository}@", autoescape=True)
    query = within.where(or_(t.releases.c.service_id == service.id, there)).order_by(t.releases.c.number.desc())
    return [_marked(row) for row in await tx.execute(query)]


async def references(tx: Tx, service_id: str) -> dict[str, str]:
    """The image of each release of a service, by its id."""
    rows = await tx.execute(
        select(t.releases.c.id, _REFERENCE.label("image")).where(t.releases.c.service_id == service_id)
    )
    return {row.id: row.image for row in rows}


async def pin(tx: Tx, release_id: str, *, pinned: bool) -> None:
    """Pin it, or no longer."""
    await _mark(tx, [release_id], {"pinned": pinned})


async def give_up(tx: Tx, references: Sequence[str]) -> None:
    """Nothing starts a release with one of these images from now on, whichever service it is of."""
    found = await tx.execute(select(t.releases.c.id).where(_REFERENCE.in_(references)))
    marks = await of(tx, list(found.scalars()))
    await _mark(tx, [each for each, mark in marks.items() if mark.pruned_at is None], {"pruned_at": now()})


async def is_back(tx: Tx, reference: str) -> None:
    """The very same image is there again: it was built once more."""
    found = select(t.releases.c.id).where(reference == _REFERENCE)
    await tx.execute(update(t.release_marks).where(t.release_marks.c.release_id.in_(found)).values(pruned_at=None))


async def _mark(tx: Tx, release_ids: Sequence[str], values: dict[str, Any]) -> None:
    table = t.release_marks
    rows = await tx.execute(select(table.c.release_id).where(table.c.release_id.in_(release_ids)))
    known = set(rows.scalars())
    await tx.execute(update(table).where(table.c.release_id.in_(known)).values(values))
    if fresh := [each for each in release_ids if each not in known]:
        await tx.execute(insert(table).values([{"release_id": each} | values for each in fresh]))


def _query() -> Select[Any]:
    joined = t.releases.outerjoin(t.release_marks, t.release_marks.c.release_id == t.releases.c.id)
    joined = joined.join(t.services, t.services.c.id == t.releases.c.service_id)
    own = (t.releases.c.id, t.releases.c.service_id, t.releases.c.number, t.releases.c.image, t.releases.c.created_at)
    return select(*own, t.release_marks.c.pinned, t.release_marks.c.pruned_at).select_from(joined)


def _marked(row: Row[Any]) -> MarkedRelease:
    mark = Mark(bool(row.pinned), row.pruned_at)
    return MarkedRelease(row.id, row.service_id, row.number, decode(Image, row.image), row.created_at, mark)
