"""Logs as they grow: a deployment's steps, and what a service's instances write."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shipway.domain.errors import Invalid
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.domain.workload import Instance, LogLine
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.history import DeploymentView, get_deployment
from shipway.pipeline.platform import Platform
from shipway.pipeline.said import masking, said
from shipway.store import queue

_LOOK = 1.0


@dataclass(frozen=True, slots=True)
class StepOutput:
    """New text in a step's log."""

    step: str
    #: Byte offset after this text: where to go on reading.
    offset: int
    text: str


async def step_log(platform: Platform, actor: Actor, deployment_id: str, step: str, offset: int = 0) -> StepOutput:
    """What a step's log holds from `offset` on."""
    view = await get_deployment(platform, actor, deployment_id)
    if step not in {known.name for known in view.steps}:
        raise Invalid(f"{step!r} is no step of this deployment.", hint=", ".join(known.name for known in view.steps))
    data = await asyncio.to_thread(platform.logs.read, deployment_id, step, max(offset, 0))
    return StepOutput(step, max(offset, 0) + len(data), data.decode(errors="replace"))


async def watch_deployment(
    platform: Platform, actor: Actor, deployment_id: str, offsets: dict[str, int] | None = None
) -> AsyncIterator[DeploymentView | StepOutput]:
    """A deployment as it happens: its state at first and whenever it changes, and its steps' logs as they grow.

    Ends when the deployment is over and everything was sent. `offsets` by step: how much the caller has already.
    """
    seen, last = dict(offsets or {}), None
    with platform.signals.subscribe(deployment_id) as news:
        while True:
            # Asked before it is looked at, so that what is seen of a deployment that is over is all of it.
            over = await _is_over(platform, deployment_id)
            view = await get_deployment(platform, actor, deployment_id)
            ended = [step.name for step in view.steps if step.state not in ("pending", "running")]
            # What a step wrote comes before the news of its end, and before what the next one writes.
            async for output in _new_output(platform, deployment_id, ended, seen):
                yield output
            if view != last:
                yield view
                last = view
            others = [step.name for step in view.steps if step.state == "running" or (over and step.state == "pending")]
            async for output in _new_output(platform, deployment_id, others, seen):
                yield output
            if over:
                return
            await news.wait(_LOOK)


async def service_logs(
    platform: Platform, actor: Actor, path: ServicePath, *, follow: bool, tail: int | None, process: str = ""
) -> AsyncIterator[LogLine]:
    """What the service's instances wrote, merged by time; while following, instances of later deployments join in."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
    instances = await _instances(platform, service.id, process)
    known = await masking(platform, service)
    past = [line for each in instances async for line in said(platform, service, each.name, tail=tail, known=known)]
    for line in sorted(past, key=lambda line: line.at)[-(tail or len(past)) or None :]:
        yield line
    if follow:
        newest = {
            each.name: max((line.at for line in past if line.instance == each.name), default=None) for each in instances
        }
        async for line in _follow(platform, service, process):
            seen = newest.get(line.instance)
            if seen is None or line.at > seen:
                yield line


async def _follow(platform: Platform, service: Service, process: str) -> AsyncIterator[LogLine]:
    lines: asyncio.Queue[LogLine] = asyncio.Queue(maxsize=1000)
    following: dict[str, asyncio.Task[None]] = {}

    async def pump(instance: str) -> None:
        async for line in said(platform, service, instance, follow=True):
            await lines.put(line)

    try:
        while True:
            for instance in await _instances(platform, service.id, process):
                if instance.name not in following:
                    following[instance.name] = asyncio.create_task(pump(instance.name))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    line = await lines.get()
                yield line
    finally:
        for task in following.values():
            task.cancel()
        await asyncio.gather(*following.values(), return_exceptions=True)


async def _instances(platform: Platform, service_id: str, process: str) -> list[Instance]:
    known = await platform.engine.instances(service=service_id)
    return [instance for instance in known if not process or instance.owner.process == process]


async def _new_output(
    platform: Platform, deployment_id: str, steps: Sequence[str], seen: dict[str, int]
) -> AsyncIterator[StepOutput]:
    for step in steps:
        while data := await asyncio.to_thread(platform.logs.read, deployment_id, step, seen.get(step, 0)):
            seen[step] = seen.get(step, 0) + len(data)
            yield StepOutput(step, seen[step], data.decode(errors="replace"))


async def _is_over(platform: Platform, deployment_id: str) -> bool:
    """Nobody works on it any more, nor will: a live one may still be draining the old instances."""
    async with platform.database.read() as tx:
        return not await queue.holds(tx, deployment_id)
