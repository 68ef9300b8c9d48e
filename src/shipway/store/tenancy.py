"""Workspaces, projects and environments."""

from sqlalchemy import Table, insert, select
from sqlalchemy.exc import IntegrityError

from shipway.domain.clock import now
from shipway.domain.errors import Conflict
from shipway.domain.ids import new_id
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


async def create_environment(tx: Tx, project: Project, slug: str, kind: EnvironmentKind) -> Environment:
    """Raises `Conflict` when the project has one of that name."""
    made = Environment(new_id("env"), project.id, slug, kind, now())
    values = {"id": made.id, "project_id": project.id, "slug": slug, "kind": kind, "created_at": made.created_at}
    await _insert(tx, t.environments, values, "environment")
    return made


async def workspaces(tx: Tx) -> list[Workspace]:
    """All, by name."""
    rows = await tx.execute(select(t.workspaces).order_by(t.workspaces.c.slug))
    return [Workspace(row.id, row.slug, row.created_at) for row in rows]


async def workspace(tx: Tx, slug: str) -> Workspace | None:
    """By name."""
    row = (await tx.execute(select(t.workspaces).where(t.workspaces.c.slug == slug))).one_or_none()
    return Workspace(row.id, row.slug, row.created_at) if row else None


async def projects(tx: Tx, workspace: Workspace) -> list[Project]:
    """A workspace's, by name."""
    rows = await tx.execute(
        select(t.projects).where(t.projects.c.workspace_id == workspace.id).order_by(t.projects.c.slug)
    )
    return [Project(row.id, row.workspace_id, row.slug, row.created_at) for row in rows]


async def project(tx: Tx, workspace: Workspace, slug: str) -> Project | None:
    """By name."""
    return next((project for project in await projects(tx, workspace) if project.slug == slug), None)


async def environments(tx: Tx, project: Project) -> list[Environment]:
    """A project's, by name."""
    table = t.environments
    rows = await tx.execute(select(table).where(table.c.project_id == project.id).order_by(table.c.slug))
    return [Environment(row.id, row.project_id, row.slug, row.kind, row.created_at) for row in rows]


async def environment(tx: Tx, project: Project, slug: str) -> Environment | None:
    """By name."""
    return next((found for found in await environments(tx, project) if found.slug == slug), None)


async def _insert(tx: Tx, table: Table, values: dict[str, object], noun: str) -> None:
    try:
        async with tx.begin_nested():
            await tx.execute(insert(table).values(values))
    except IntegrityError as error:
        raise Conflict(f"There is a {noun} named {values['slug']!r} already.", hint="Choose another name.") from error
