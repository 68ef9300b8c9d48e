"""Why a deployment is as it is (S7.4): why it failed, why it counts as healthy, or where it is and since when."""

from dataclasses import dataclass
from datetime import datetime

from shipway.domain.artifacts import Health
from shipway.domain.codec import decode
from shipway.domain.deployment import UNFINISHED, Deployment
from shipway.operations.access import Actor
from shipway.operations.history import DeploymentView, get_deployment
from shipway.pipeline.platform import Platform
from shipway.store import deployments, journal, services

#: Where every class of failure is told.
REFERENCE = "docs/reference/failures.md"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A deployment in words, with what they rest on."""

    view: DeploymentView
    #: What answered the probe; `None` until something did.
    health: Health | None = None
    #: Number of the service's deployment that has the traffic now.
    serving: int | None = None

    @property
    def step(self) -> str:
        """The step it is in, or failed in; empty when there is none such."""
        if failure := self.view.deployment.failure:
            return failure.step or self._first("error")
        return self._first("running")

    @property
    def since(self) -> datetime | None:
        """When what the summary tells began."""
        deployment = self.view.deployment
        if deployment.state in UNFINISHED:
            began = next((step.started_at for step in self.view.steps if step.state == "running"), None)
            return began or deployment.started_at or deployment.created_at
        return deployment.live_at if deployment.state == "live" else deployment.finished_at

    @property
    def summary(self) -> str:
        """In one or two sentences."""
        deployment = self.view.deployment
        match deployment.state:
            case "queued":
                return _waiting(self.view.position or 0)
            case "live":
                return f"It has the traffic: {_healthy(self.health)}"
            case "superseded":
                return _superseded(deployment)
            case "failed":
                return f"It failed{f' in {self.step}' if self.step else ''}. {self._serving}"
            case "cancelled":
                return f"It was cancelled before traffic moved. {self._serving}"
        return self._under_way

    @property
    def _under_way(self) -> str:
        deployment = self.view.deployment
        if deployment.state == "ready" and not (deployment.promote_requested or deployment.cancel_requested):
            return f"It is ready, and waits for somebody to promote or cancel it. {self._serving}"
        asked = " It was asked to stop." if deployment.cancel_requested else ""
        return f"It is under way{f', in {self.step}' if self.step else ', between two steps'}.{asked}"

    @property
    def _serving(self) -> str:
        return f"d{self.serving} has the traffic." if self.serving else "Nothing of this service is live."

    def _first(self, state: str) -> str:
        return next((step.name for step in self.view.steps if step.state == state), "")


async def explain(platform: Platform, actor: Actor, deployment_id: str) -> Explanation:
    """Why a deployment is as it is. Raises `NotFound`, also for what is another workspace's."""
    return await explain_view(platform, await get_deployment(platform, actor, deployment_id))


async def explain_view(platform: Platform, view: DeploymentView) -> Explanation:
    """The same for one that the caller has been given already."""
    async with platform.database.read() as tx:
        service = await services.get(tx, view.deployment.service_id)
        recorded = await journal.recorded(tx, view.deployment.id, "health")
        live = await deployments.find(tx, service.live_deployment_id) if service.live_deployment_id else None
    health = decode(Health, recorded[1]) if recorded and recorded[0] == "complete" else None
    return Explanation(view, health, live.number if live else None)


def _waiting(before: int) -> str:
    if not before:
        return "It waits, and is the next of this service."
    return f"It waits: {before} of this service {'is' if before == 1 else 'are'} before it."


def _healthy(health: Health | None) -> str:
    if health is None or not health.answered:
        return "every instance of it came up."
    if health.answered == "running":
        return "it has no `web`; its processes started and kept running."
    weak = ". That is weak: only a fallback vouches for it" if health.weak else ""
    return f"every instance of `web` passed its probe, {health.answered}{weak}."


def _superseded(deployment: Deployment) -> str:
    if deployment.live_at:
        return "It had the traffic until a later deployment took it over."
    return "It waited, and gave way to a newer deployment before it began."
