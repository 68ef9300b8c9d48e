"""What is being deleted: marked at once, and gone when all that it had has gone.

Marked means that nobody finds it any more, and that its hosts are free. It keeps its name until then: what is made anew at the
same path has containers and a network of the same names.
"""

from dataclasses import dataclass

from sqlalchemy import Column, Select, Table, delete, select, update

from shipway.domain.clock import now
from shipway.domain.names import EnvironmentPath
from shipway.store import tables as t
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class Marked:
    """Ids of what is being deleted."""

    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.services or self.environments or self.projects)

    def among(self, others: "Marked") -> "Marked":
        """Those that are in both."""
        return Marked(
            tuple(each for each in self.services if each in others.services),
            tuple(each for each in self.environments if each in others.environments),
            tuple(each for each in self.projects if each in others.projects),
        )


async def mark_service(tx: Tx, service_id: str) -> Marked:
    """Begin to delete one. Marked again, nothing changes."""
    return await _mark(tx, Marked(services=(service_id,)))


async def mark_environment(tx: Tx, environment_id: str) -> Marked:
    """Begin to delete one with its services."""
    inside = await _ids(tx, t.services, t.services.c.environment_id, (environment_id,))
    return await _mark(tx, Marked(inside, (environment_id,)))


async def mark_project(tx: Tx, project_id: str) -> Marked:
    """Begin to delete one with its environments and their services."""
    environments = await _ids(tx, t.environments, t.environments.c.project_id, (project_id,))
    inside = await _ids(tx, t.services, t.services.c.environment_id, environments)
    return await _mark(tx, Marked(inside, environments, (project_id,)))


async def marked(tx: Tx) -> Marked:
    """All that is being deleted, oldest first."""
    return Marked(
        services=await _scalars(tx, _of(t.services)),
        environments=await _scalars(tx, _of(t.environments)),
        projects=await _scalars(tx, _of(t.projects)),
    )


async def path_of_environment(tx: Tx, environment_id: str) -> EnvironmentPath | None:
    """`None` when it has gone."""
    tables = {"workspace": t.workspaces, "project": t.projects, "environment": t.environments}
    query = select(*(table.c.slug.label(part) for part, table in tables.items()))
    joined = query.select_from(t.environments.join(t.projects).join(t.workspaces))
    row = (await tx.execute(joined.where(t.environments.c.id == environment_id))).one_or_none()
    return EnvironmentPath(row.workspace, row.project, row.environment) if row else None


async def remove_environment(tx: Tx, environment_id: str) -> None:
    """Forget one with its config vars, its secrets and the history of both."""
    await tx.execute(delete(t.environments).where(t.environments.c.id == environment_id))


async def remove_project(tx: Tx, project_id: str) -> None:
    """Forget one."""
    await tx.execute(delete(t.projects).where(t.projects.c.id == project_id))


async def _mark(tx: Tx, chosen: Marked) -> Marked:
    moment = now()
    for table, ids in _parts(chosen):
        unmarked = update(table).where(table.c.id.in_(ids), table.c.deleting_at.is_(None))
        await tx.execute(unmarked.values(deleting_at=moment))
    await tx.execute(delete(t.hosts).where(t.hosts.c.service_id.in_(chosen.services)))
    return chosen


def _parts(chosen: Marked) -> tuple[tuple[Table, tuple[str, ...]], ...]:
    return ((t.services, chosen.services), (t.environments, chosen.environments), (t.projects, chosen.projects))


def _of(table: Table) -> Select[tuple[str]]:
    return select(table.c.id).where(table.c.deleting_at.is_not(None)).order_by(table.c.deleting_at, table.c.id)


async def _ids(tx: Tx, table: Table, owner: Column[str], owners: tuple[str, ...]) -> tuple[str, ...]:
    return await _scalars(tx, select(table.c.id).where(owner.in_(owners)).order_by(table.c.id))


async def _scalars(tx: Tx, query: Select[tuple[str]]) -> tuple[str, ...]:
    return tuple((await tx.execute(query)).scalars())
