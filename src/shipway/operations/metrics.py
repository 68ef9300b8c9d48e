"""How a service's deployments have gone: durations and rates (S11.2)."""

from dataclasses import dataclass
from statistics import median

from shipway.domain.deployment import Deployment, StepRecord
from shipway.domain.names import ServicePath
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.pipeline.platform import Platform
from shipway.store import deployments, journal

_WINDOW = 100


@dataclass(frozen=True, slots=True)
class PipelineMetrics:
    """Over the last hundred deployments of a service; seconds are medians, `None` where nothing was measured."""

    deployments: int
    succeeded: int
    failed: int
    cancelled: int
    #: Of those that ended by themselves.
    success_rate: float | None
    build_seconds: float | None
    #: From the request to traffic.
    deploy_seconds: float | None


async def pipeline_metrics(platform: Platform, actor: Actor, path: ServicePath) -> PipelineMetrics:
    """Durations and rates of one service's deployments."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        recent = await deployments.of_service(tx, service.id, limit=_WINDOW)
        builds = [
            _seconds(await journal.steps(tx, deployment.id), "build") for deployment in recent if deployment.builds
        ]
    succeeded = [deployment for deployment in recent if deployment.live_at]
    failed = [deployment for deployment in recent if deployment.state == "failed"]
    ended = len(succeeded) + len(failed)
    return PipelineMetrics(
        deployments=len(recent),
        succeeded=len(succeeded),
        failed=len(failed),
        cancelled=sum(deployment.state == "cancelled" for deployment in recent),
        success_rate=len(succeeded) / ended if ended else None,
        build_seconds=_median(builds),
        deploy_seconds=_median([_to_live(deployment) for deployment in succeeded]),
    )


def _seconds(steps: tuple[StepRecord, ...], name: str) -> float | None:
    step = next(step for step in steps if step.name == name)
    if step.state != "complete" or not step.started_at or not step.finished_at:
        return None
    return (step.finished_at - step.started_at).total_seconds()


def _to_live(deployment: Deployment) -> float | None:
    return (deployment.live_at - deployment.created_at).total_seconds() if deployment.live_at else None


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None
