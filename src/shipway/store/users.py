"""People, what they hold (one-time links, sessions, API tokens) and the workspaces they belong to."""

from datetime import datetime

from sqlalchemy import Row, delete, insert, select

from shipway.domain.clock import now
from shipway.domain.ids import new_id
from shipway.domain.user import CredentialKind, IssuedCredential, User
from shipway.store import tables as t
from shipway.store.database import Tx


async def ensure(tx: Tx, name: str, *, admin: bool) -> User:
    """The user of that name, made when missing."""
    row = (await tx.execute(select(t.users).where(t.users.c.name == name))).one_or_none()
    if row is None:
        values = {"id": new_id("usr"), "name": name, "admin": admin, "created_at": now()}
        await tx.execute(insert(t.users).values(values))
        return User(values["id"], name, admin, frozenset())  # type: ignore[arg-type]
    return await _user(tx, row)


async def by_credential(tx: Tx, hashed: str, kind: CredentialKind) -> User | None:
    """Whose credential that is, if it is known and has not expired."""
    query = (
        select(t.users, t.credentials.c.expires_at)
        .join(t.credentials, t.credentials.c.user_id == t.users.c.id)
        .where(t.credentials.c.hash == hashed, t.credentials.c.kind == kind)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None or (row.expires_at and row.expires_at < now()):
        return None
    return await _user(tx, row)


async def _user(tx: Tx, row: Row[tuple[object, ...]]) -> User:
    query = select(t.memberships.c.workspace_id).where(t.memberships.c.user_id == row.id)
    workspaces = frozenset((await tx.execute(query)).scalars())
    return User(row.id, row.name, row.admin, workspaces)


async def join(tx: Tx, user_id: str, workspace_id: str, role: str) -> None:
    """Make a user a member of a workspace."""
    await tx.execute(insert(t.memberships).values(user_id=user_id, workspace_id=workspace_id, role=role))


async def issue(
    tx: Tx, user_id: str, kind: CredentialKind, hashed: str, *, label: str, expires_at: datetime | None
) -> str:
    """Record a credential by its hash and return its id."""
    identifier = new_id("cred")
    values = {"id": identifier, "user_id": user_id, "kind": kind, "hash": hashed, "label": label}
    await tx.execute(insert(t.credentials).values(values | {"expires_at": expires_at, "created_at": now()}))
    return identifier


async def credentials(tx: Tx, user_id: str, kind: CredentialKind) -> list[IssuedCredential]:
    """What a user holds of one kind, newest first."""
    table = t.credentials
    query = select(table).where(table.c.user_id == user_id, table.c.kind == kind).order_by(table.c.id.desc())
    return [IssuedCredential(row.id, row.label, row.created_at, row.expires_at) for row in await tx.execute(query)]


async def revoke(tx: Tx, *, hashed: str = "", identifier: str = "", user_id: str = "") -> bool:
    """Forget a credential, by its hash or by its id and owner; says whether there was one."""
    table = t.credentials
    condition = table.c.hash == hashed if hashed else (table.c.id == identifier) & (table.c.user_id == user_id)
    return (await tx.execute(delete(table).where(condition))).rowcount > 0


async def purge_expired(tx: Tx) -> None:
    """Forget every credential whose time is over."""
    await tx.execute(delete(t.credentials).where(t.credentials.c.expires_at < now()))
