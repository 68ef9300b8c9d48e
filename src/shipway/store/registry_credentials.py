"""Credentials of private registries, per workspace; passwords are sealed."""

from sqlalchemy import delete, insert, select

from shipway.domain.clock import now
from shipway.domain.registries import KnownRegistry, RegistryCredential
from shipway.store import tables as t
from shipway.store.database import Tx
from shipway.store.sealing import Sealer

_table = t.registry_credentials


async def listed(tx: Tx, workspace_id: str) -> list[KnownRegistry]:
    """A workspace's, by host, without their passwords."""
    rows = await tx.execute(select(_table).where(_table.c.workspace_id == workspace_id).order_by(_table.c.host))
    return [KnownRegistry(row.host, row.username, row.kind, row.updated_at, row.updated_by) for row in rows]


async def opened(tx: Tx, workspace_id: str, sealer: Sealer) -> tuple[RegistryCredential, ...]:
    """A workspace's, by host, for a build."""
    rows = await tx.execute(select(_table).where(_table.c.workspace_id == workspace_id).order_by(_table.c.host))
    return tuple(
        RegistryCredential(row.host, row.username, sealer.open(row.sealed, about(workspace_id, row.host)), row.kind)
        for row in rows
    )


async def put(tx: Tx, workspace_id: str, credential: RegistryCredential, sealer: Sealer, actor: str) -> None:
    """The one for its host, in place of one that was there."""
    await remove(tx, workspace_id, credential.host)
    row = {
        "workspace_id": workspace_id,
        "host": credential.host,
        "kind": credential.kind,
        "username": credential.username,
        "sealed": sealer.seal(credential.password, about(workspace_id, credential.host)),
        "updated_at": now(),
        "updated_by": actor,
    }
    await tx.execute(insert(_table).values(row))


async def remove(tx: Tx, workspace_id: str, host: str) -> bool:
    """Forget the one for a host; whether there was one."""
    gone = delete(_table).where(_table.c.workspace_id == workspace_id, _table.c.host == host)
    return (await tx.execute(gone)).rowcount > 0


def about(workspace_id: str, host: str) -> str:
    """What a password is sealed for."""
    return f"registry:{workspace_id}:{host}"
