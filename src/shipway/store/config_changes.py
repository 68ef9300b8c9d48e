"""The history of what instances and builds are given: every change is a row, in the transaction that makes it."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select

from shipway.domain.clock import now
from shipway.domain.config import Change, ChangeKind, ChangeVerb, Holder
from shipway.domain.service import Service
from shipway.store import tables as t
from shipway.store.database import Tx

_table = t.config_changes


class Owner(NamedTuple):
    """Whose config a change is of."""

    environment_id: str
    #: `None`: the environment's own.
    service_id: str | None = None


def owner_of(holder: Holder) -> Owner:
    """A service or an environment as an owner."""
    return Owner(holder.environment_id, holder.id) if isinstance(holder, Service) else Owner(holder.id)


async def one_at_a_time(tx: Tx, holder: Holder) -> None:
    """Wait until nobody else changes the config of `holder`, and let nobody until the transaction ends: the history has the
    order in which changes took effect, and what was checked of all together stays so. SQLite has one writer anyhow."""
    table = t.services if isinstance(holder, Service) else t.environments
    await tx.execute(select(table.c.id).where(table.c.id == holder.id).with_for_update())


async def record(
    tx: Tx,
    owner: Owner,
    kind: ChangeKind,
    name: str,
    change: ChangeVerb,
    *,
    actor: str,
    value: str = "",
    reference: str = "",
    buildtime: bool = False,
) -> None:
    """Write one down, as of now. `value` is kept as it is and shown: never a secret's."""
    row = {
        "environment_id": owner.environment_id,
        "service_id": owner.service_id,
        "kind": kind,
        "name": name,
        "change": change,
        "value": value,
        "reference": reference,
        "buildtime": buildtime,
        "actor": actor,
        "at": now(),
    }
    await tx.execute(insert(_table).values(row))


async def listed(tx: Tx, holder: Holder, *, limit: int, before: int | None = None, name: str = "") -> list[Change]:
    """What has an effect on `holder`, newest first; of a service that is its environment's, too. `before`: a change's id,
    for only older ones."""
    query = select(_table).where(_concerns(holder)).order_by(_table.c.id.desc()).limit(limit)
    query = query.where(_table.c.name == name) if name else query
    query = query.where(_table.c.id < before) if before is not None else query
    return [_change(row) for row in await tx.execute(query)]


async def until(tx: Tx, holder: Holder, moment: datetime) -> list[Change]:
    """All up to a moment, oldest first, of what `listed` lists."""
    query = select(_table).where(_concerns(holder), _table.c.at <= moment).order_by(_table.c.id)
    return [_change(row) for row in await tx.execute(query)]


def _concerns(holder: Holder) -> ColumnElement[bool]:
    if not isinstance(holder, Service):
        return and_(_table.c.environment_id == holder.id, _table.c.service_id.is_(None))
    of_environment = and_(_table.c.environment_id == holder.environment_id, _table.c.service_id.is_(None))
    return or_(_table.c.service_id == holder.id, of_environment)


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        kind=row.kind,
        name=row.name,
        change=row.change,
        value=row.value,
        reference=row.reference,
        buildtime=row.buildtime,
        origin="service" if row.service_id else "environment",
        actor=row.actor,
        at=row.at,
    )
