"""Workspaces, projects and environments."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from shipway.domain.clock import now
from shipway.domain.errors import Conflict
from shipway.domain.ids import new_id
from shipway.domain.process import NO_LIMITS, Limits
from shipway.domain.tenancy import Environment, EnvironmentKind, Project, Workspace
from shipway.store import tables as t
from shipway.store.database import Tx


async def create_workspace(tx: Tx, slug: str) -> Workspace:
    """Raises `Conflict` when the name is taken."""
    workspace = Workspace(new_id("ws"), slug, now())
    await _insert(tx, t.workspaces, {"id": workspace.id, "slug": slug, "created_at": workspace.created_at}, "workspace")
    return workspace


async def create_project(tx: Tx, workspace: Workspace, slug: str) -> Project:
    """Raises `Conflict` when the workspace has one of that name."""
    project = Project(new_id("prj"), workspace.id, slug, now())
    values = {"id": project.id, "workspace_id": workspace.id, "slug": slug, "created_at": project.created_at}
    await _insert(tx, t.projects, values, "project")
    return project


async def create_environment(
    tx: Tx, project: Project, slug: str, kind: EnvironmentKind, *, branch: str = "", limits: Limits = NO_LIMITS
) -> Environment:
    """Raises `Conflict` when the project has one of that name."""
    made = Environment(new_id("env"), project.id, slug, kind, now(), branch, limits)
    values = {"id": made.id, "project_id": project.id, "slug": slug, "kind": kind, "created_at": made.created_at}
    await _insert(tx, t.environments, values | {"branch": branch} | asdict(limits), "environment")
    return made


async def change_environment(tx: Tx, environment: Environment) -> None:
    """Record its kind, its branch and its limits as they are given."""
    query = update(t.environments).where(t.environments.c.id == environment.id)
    await tx.execute(query.values(kind=environment.kind, branch=environment.branch, **asdict(environment.limits)))


async def set_limits(tx: Tx, environment_id: str, given: Limits) -> None:
    """Record an environment's limits alone."""
    await tx.execute(update(t.environments).where(t.environments.c.id == environment_id).values(**asdict(given)))


async def limits(tx: Tx, environment_ids: Collection[str]) -> dict[str, Limits]:
    """Of environments, by id."""
    table = t.environments
    rows = await tx.execute(select(table.c.id, table.c.memory, table.c.cpus).where(table.c.id.in_(environment_ids)))
    return {row.id: Limits(row.memory, row.cpus) for row in rows}


async def branch_of(tx: Tx, environment_id: str) -> str:
    """The branch of an environment; the caller knows that it exists."""
    query = select(t.environments.c.branch).where(t.environments.c.id == environment_id)
    return str((await tx.execute(query)).scalar_one())


async def workspaces(tx: Tx) -> list[Workspace]:
    """All, by name."""
    rows = await tx.execute(select(t.workspaces).order_by(t.workspaces.c.slug))
    return [Workspace(row.id, row.slug, row.created_at) for row in rows]


async def workspace(tx: Tx, slug: str) -> Workspace | None:
    """By name."""
    row = (await tx.execute(select(t.workspaces).where(t.workspaces.c.slug == slug))).one_or_none()
    return Workspace(row.id, row.slug, row.created_at) if row else None


async def projects(tx: Tx, workspace: Workspace) -> list[Project]:
    """A workspace's, by name; not those that are being deleted."""
    table = t.projects
    own = select(table).where(table.c.workspace_id == workspace.id, table.c.deleting_at.is_(None))
    rows = await tx.execute(own.order_by(table.c.slug))
    return [Project(row.id, row.workspace_id, row.slug, row.created_at) for row in rows]


async def project(tx: Tx, workspace: Workspace, slug: str) -> Project | None:
    """By name."""
    return next((project for project in await projects(tx, workspace) if project.slug == slug), None)


async def environments(tx: Tx, project: Project) -> list[Environment]:
    """A project's, by name; not those that are being deleted."""
    table = t.environments
    own = select(table).where(table.c.project_id == project.id, table.c.deleting_at.is_(None))
    rows = await tx.execute(own.order_by(table.c.slug))
    return [_environment(row) for row in rows]


async def environment(tx: Tx, project: Project, slug: str) -> Environment | None:
    """By name."""
    return next((found for found in await environments(tx, project) if found.slug == slug), None)


def _environment(row: Row[Any]) -> Environment:
    limits = Limits(row.memory, row.cpus)
    return Environment(row.id, row.project_id, row.slug, row.kind, row.created_at, row.branch, limits)


async def _insert(tx: Tx, table: Table, values: dict[str, object], noun: str) -> None:
    try:
        async with tx.begin_nested():
            await tx.execute(insert(table).values(values))
    except IntegrityError as error:
        raise Conflict(
            f"There is a {noun} named {values['slug']!r} already.",
            hint="Choose another name; that of one that is being deleted is free when that is done.",
        ) from error
