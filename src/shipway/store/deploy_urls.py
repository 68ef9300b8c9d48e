"""Deploy URLs: tokens that can deploy one service. Only hashes are kept."""

from sqlalchemy import delete, insert, select, update

from shipway.domain.clock import now
from shipway.domain.ids import new_id
from shipway.domain.webhook import DeployUrl
from shipway.store import tables as t
from shipway.store.database import Tx

_table = t.deploy_urls


async def create(tx: Tx, service_id: str, hashed: str, *, label: str, actor: str) -> DeployUrl:
    """A new one."""
    made = DeployUrl(new_id("url"), service_id, label, now(), actor)
    row = {"id": made.id, "service_id": service_id, "hash": hashed, "label": label, "created_by": actor}
    await tx.execute(insert(_table).values(row | {"created_at": made.created_at}))
    return made


async def listed(tx: Tx, service_id: str) -> list[DeployUrl]:
    """A service's, oldest first."""
    rows = await tx.execute(select(_table).where(_table.c.service_id == service_id).order_by(_table.c.id))
    return [DeployUrl(row.id, row.service_id, row.label, row.created_at, row.created_by, row.used_at) for row in rows]


async def use(tx: Tx, hashed: str) -> DeployUrl | None:
    """The one whose token has this hash, noting that it was used now."""
    query = update(_table).where(_table.c.hash == hashed).values(used_at=now()).returning(_table)
    row = (await tx.execute(query)).first()
    return row and DeployUrl(row.id, row.service_id, row.label, row.created_at, row.created_by, row.used_at)


async def remove(tx: Tx, service_id: str, url_id: str) -> bool:
    """Make one of a service's worthless; whether there was one."""
    mine = (_table.c.id == url_id) & (_table.c.service_id == service_id)
    return (await tx.execute(delete(_table).where(mine))).rowcount > 0
