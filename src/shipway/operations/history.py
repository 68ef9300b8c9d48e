"""What a service's deployments and releases were and are: look at one, list them."""

from dataclasses import dataclass

from shipway.domain.artifacts import Finished, Released
from shipway.domain.codec import decode
from shipway.domain.cutover import Cutover
from shipway.domain.deployment import Deployment, StepRecord, status_label
from shipway.domain.errors import NotFound
from shipway.domain.names import ServicePath
from shipway.domain.plan import Plan
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import deployments, journal, queue, releases
from shipway.store.database import Tx


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """A deployment with its steps."""

    deployment: Deployment
    path: ServicePath
    steps: tuple[StepRecord, ...]
    #: What its switch of traffic did to requests; `None` until that is over, and where nothing was replaced.
    cutover: Cutover | None = None
    #: What it does to what runs, and why in that way; `None` until that is decided.
    plan: Plan | None = None
    #: How many deployments of the service are before it in the queue; `None` when it does not wait.
    position: int | None = None

    @property
    def status_label(self) -> str:
        """Building / Pushing / Deploying / Running / Failed (S1.5)."""
        running = next((step.name for step in self.steps if step.state == "running"), "")
        return status_label(self.deployment.state, running)


async def get_deployment(platform: Platform, actor: Actor, deployment_id: str) -> DeploymentView:
    """A deployment with its steps."""
    async with platform.database.read() as tx:
        deployment, service = await access.deployment(tx, actor, deployment_id)
        return await _view(tx, deployment, service)


async def find_deployment(platform: Platform, actor: Actor, path: ServicePath, number: int | None) -> DeploymentView:
    """By its number in the service, or the newest."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        if number is None:
            found = next(iter(await deployments.of_service(tx, service.id, limit=1)), None)
        else:
            found = await deployments.by_number(tx, service.id, number)
        if found is None:
            wanted = "no deployment yet" if number is None else f"no deployment d{number}"
            raise NotFound(f"{path} has {wanted}.", hint="`shipway deploy` makes one.")
        return await _view(tx, found, service)


async def list_deployments(
    platform: Platform, actor: Actor, path: ServicePath, *, limit: int = 20, before: int | None = None
) -> list[Deployment]:
    """Newest first."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        return await deployments.of_service(tx, service.id, limit=limit, before=before)


async def list_releases(platform: Platform, actor: Actor, path: ServicePath, *, limit: int = 20) -> list[Release]:
    """Newest first."""
    async with platform.database.read() as tx:
        return await releases.of_service(tx, (await access.service(tx, actor, path)).id, limit=limit)


async def _view(tx: Tx, deployment: Deployment, service: Service) -> DeploymentView:
    waiting = await queue.queued(tx, service.id)
    position = waiting.index(deployment.id) if deployment.id in waiting else None
    finished = await journal.recorded(tx, deployment.id, "finalize")
    report = decode(Finished, finished[1]).cutover if finished and finished[1] else None
    released = await journal.recorded(tx, deployment.id, "release")
    planned = decode(Released, released[1]).plan if released and released[1] else None
    steps = await journal.steps(tx, deployment.id)
    return DeploymentView(deployment, service.path, steps, report, planned, position)
