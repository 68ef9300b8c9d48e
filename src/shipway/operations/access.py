"""Who may see and do what. Whatever is not one's own does not exist: another tenant's name answers as an unknown one."""

from dataclasses import dataclass

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Forbidden, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.one_off import OneOff
from shipway.domain.service import Service
from shipway.domain.tenancy import Environment, Project, Workspace
from shipway.domain.user import User
from shipway.store import deployments, one_off_runs, services, tenancy
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class Actor:
    """The user behind a request, and by which door they came."""

    user: User
    #: `cli`, `api`, `dashboard`
    door: str = "api"

    def sees(self, workspace_id: str) -> bool:
        """Whether the workspace exists for them."""
        return self.user.admin or workspace_id in self.user.workspaces


def require_admin(actor: Actor) -> None:
    """Raises `Forbidden` for anyone else."""
    if not actor.user.admin:
        raise Forbidden("Only an administrator of this installation may do that.", hint="Ask one.")


async def workspace(tx: Tx, actor: Actor, slug: str) -> Workspace:
    """Raises `NotFound`, as all of these."""
    found = await tenancy.workspace(tx, slug)
    if found is None or not actor.sees(found.id):
        raise NotFound(f"There is no workspace {slug!r}.", hint="`shipway workspaces` lists yours.")
    return found


async def project(tx: Tx, actor: Actor, workspace_slug: str, slug: str) -> Project:
    """A project of a workspace."""
    found = await tenancy.project(tx, await workspace(tx, actor, workspace_slug), slug)
    if found is None:
        raise NotFound(f"There is no project {slug!r} in {workspace_slug}.", hint="`shipway projects` lists them.")
    return found


async def environment(tx: Tx, actor: Actor, workspace_slug: str, project_slug: str, slug: str) -> Environment:
    """An environment of a project."""
    found = await tenancy.environment(tx, await project(tx, actor, workspace_slug, project_slug), slug)
    if found is None:
        raise NotFound(
            f"There is no environment {slug!r} in {workspace_slug}/{project_slug}.",
            hint=f"`shipway environments {workspace_slug}/{project_slug}` lists them; "
            f"`shipway environments create {workspace_slug}/{project_slug}/{slug}` makes it.",
        )
    return found


async def service(tx: Tx, actor: Actor, path: ServicePath) -> Service:
    """A service, by its address."""
    found = await services.by_path(tx, path)
    if found is None or not actor.sees(found.workspace_id):
        raise NotFound(f"There is no service at {path}.", hint="`shipway services` lists yours.")
    return found


async def deployment(tx: Tx, actor: Actor, deployment_id: str) -> tuple[Deployment, Service]:
    """A deployment and its service, by the deployment's id."""
    found = await deployments.find(tx, deployment_id)
    owner = await _owner(tx, actor, found.service_id) if found else None
    if found is None or owner is None:
        raise NotFound(
            f"There is no deployment {deployment_id!r}.",
            hint="`shipway deployments` lists a service's; those of a deleted service are gone with it.",
        )
    return found, owner


async def one_off(tx: Tx, actor: Actor, run_id: str) -> tuple[OneOff, Service]:
    """A one-off run and its service, by the run's id."""
    found = await one_off_runs.find(tx, run_id)
    owner = await _owner(tx, actor, found.service_id) if found else None
    if found is None or owner is None:
        raise NotFound(
            f"There is no run {run_id!r}.", hint="`shipway runs` lists a service's; the oldest are forgotten."
        )
    return found, owner


async def _owner(tx: Tx, actor: Actor, service_id: str) -> Service | None:
    """The service of what is known by an id; `None` where nobody finds it by its address either (decision 21)."""
    found = await services.get(tx, service_id)
    return found if actor.sees(found.workspace_id) and not found.deleting else None
