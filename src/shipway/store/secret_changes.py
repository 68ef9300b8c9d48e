"""Changes of secrets, and of who is given them, written down in the transaction that makes them. Never a value."""

from typing import Literal

from sqlalchemy import insert

from shipway.domain.clock import now
from shipway.store import tables as t
from shipway.store.database import Tx


async def record(
    tx: Tx,
    environment_id: str,
    name: str,
    change: Literal["set", "unset", "revoked"],
    actor: str,
    *,
    kind: Literal["secret", "variable", "secret-file"] = "secret",
    service_id: str | None = None,
    reference: str = "",
) -> None:
    """Write one down, as of now."""
    row = {"environment_id": environment_id, "service_id": service_id, "kind": kind, "name": name, "change": change}
    rest = {"value": "", "reference": reference, "buildtime": False, "actor": actor, "at": now()}
    await tx.execute(insert(t.config_changes).values(row | rest))
