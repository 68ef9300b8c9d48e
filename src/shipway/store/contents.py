"""What is in config files, kept by its hash, per workspace: nobody can fetch another's."""

from collections.abc import Collection
from hashlib import sha256

from sqlalchemy import func, insert, select

from shipway.domain.clock import now
from shipway.store import tables as t
from shipway.store.database import Tx


async def keep(tx: Tx, workspace_id: str, content: bytes) -> str:
    """Keep it, unless it is kept already; returns its hash."""
    digest = sha256(content).hexdigest()
    if not await _is_kept(tx, workspace_id, digest):
        row = {"workspace_id": workspace_id, "sha256": digest, "content": content, "created_at": now()}
        await tx.execute(insert(t.contents).values(row))
    return digest


async def _is_kept(tx: Tx, workspace_id: str, digest: str) -> bool:
    if await sizes(tx, workspace_id, [digest]):
        return True
    # Two services may come with the same at once: the second one waits, and finds it.
    own = select(t.workspaces.c.id).where(t.workspaces.c.id == workspace_id)
    await tx.execute(own.with_for_update(key_share=True))
    return bool(await sizes(tx, workspace_id, [digest]))


async def fetch(tx: Tx, workspace_id: str, digests: Collection[str]) -> dict[str, bytes]:
    """Contents by their hashes, as far as the workspace has them."""
    table = t.contents
    query = select(table.c.sha256, table.c.content)
    rows = await tx.execute(query.where(table.c.workspace_id == workspace_id, table.c.sha256.in_(list(digests))))
    return {row.sha256: bytes(row.content) for row in rows}


async def sizes(tx: Tx, workspace_id: str, digests: Collection[str]) -> dict[str, int]:
    """Their lengths in bytes, likewise."""
    table = t.contents
    query = select(table.c.sha256, func.length(table.c.content).label("bytes"))
    rows = await tx.execute(query.where(table.c.workspace_id == workspace_id, table.c.sha256.in_(list(digests))))
    return {row.sha256: row.bytes for row in rows}
