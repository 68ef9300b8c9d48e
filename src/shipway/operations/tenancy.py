"""Workspaces and projects. `environments.py` has what is in these."""

from shipway.domain.names import slug
from shipway.domain.tenancy import ENVIRONMENT_KINDS, Environment, EnvironmentKind, Project, Workspace
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import tenancy, users
from shipway.store.database import Tx


async def create_workspace(platform: Platform, actor: Actor, name: str) -> Workspace:
    """A new tenant, with the actor as its owner. For administrators."""
    access.require_admin(actor)
    async with platform.database.write() as tx:
        return await _new_workspace(tx, actor, name)


async def list_workspaces(platform: Platform, actor: Actor) -> list[Workspace]:
    """Those the actor may see."""
    async with platform.database.read() as tx:
        return [workspace for workspace in await tenancy.workspaces(tx) if actor.sees(workspace.id)]


async def create_project(platform: Platform, actor: Actor, workspace: str, name: str) -> Project:
    """A new project."""
    async with platform.database.write() as tx:
        return await tenancy.create_project(tx, await access.workspace(tx, actor, workspace), slug(name, "project"))


async def list_projects(platform: Platform, actor: Actor, workspace: str) -> list[Project]:
    """A workspace's projects."""
    async with platform.database.read() as tx:
        return await tenancy.projects(tx, await access.workspace(tx, actor, workspace))


async def ensure_environment(
    tx: Tx, actor: Actor, workspace: str, project: str, environment: str
) -> tuple[Workspace, Environment]:
    """The environment, with everything above it made where it is missing."""
    home = await tenancy.workspace(tx, workspace)
    if home is None and actor.user.admin:
        home = await _new_workspace(tx, actor, workspace)
    home = home or await access.workspace(tx, actor, workspace)
    await access.workspace(tx, actor, workspace)
    found = await tenancy.project(tx, home, project) or await tenancy.create_project(tx, home, slug(project, "project"))
    known = await tenancy.environment(tx, found, environment)
    name = slug(environment, "environment")
    return home, known or await tenancy.create_environment(tx, found, name, kind_of(name))


def kind_of(name: str) -> EnvironmentKind:
    """The kind an environment's name suggests."""
    return next((kind for kind in ENVIRONMENT_KINDS if kind == name), "development")


async def _new_workspace(tx: Tx, actor: Actor, name: str) -> Workspace:
    made = await tenancy.create_workspace(tx, slug(name, "workspace"))
    await users.join(tx, actor.user.id, made.id, "owner")
    return made
