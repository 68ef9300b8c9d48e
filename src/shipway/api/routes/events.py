"""A deployment as it happens, resumable."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import DeploymentId
from shipway.api.schemas.deployment import DeploymentOut
from shipway.api.schemas.logs import StepText
from shipway.api.streams import told
from shipway.operations import history, logs
from shipway.operations.logs import StepOutput

router = APIRouter(prefix="/deployments/{deployment}/events", tags=["deployments"])

LastEventId = Annotated[str, Header(max_length=2000, description="`step:offset,step:offset`, from the last event had.")]


async def _visible(platform: ThePlatform, actor: TheActor, deployment: DeploymentId) -> str:
    return (await history.get_deployment(platform, actor, deployment)).deployment.id


@router.get("", response_class=EventSourceResponse)
async def deployment_events(
    platform: ThePlatform,
    actor: TheActor,
    deployment: Annotated[str, Depends(_visible)],
    last_event_id: LastEventId = "",
) -> AsyncIterator[ServerSentEvent]:
    """Events `deployment` (its state, at first and whenever that changes) and `log` (`step`, `offset`, `text`); `end` when
    it is over, `error` (a problem) when that can't be told."""
    offsets = offsets_of(last_event_id)
    async for event in told(_events(logs.watch_deployment(platform, actor, deployment, dict(offsets)), offsets)):
        yield event


async def _events(
    watched: AsyncIterator[history.DeploymentView | StepOutput], offsets: dict[str, int]
) -> AsyncIterator[ServerSentEvent]:
    async for news in watched:
        if isinstance(news, StepOutput):
            offsets[news.step] = news.offset
            data = StepText(step=news.step, offset=news.offset, text=news.text)
            yield ServerSentEvent(event="log", data=data, id=id_of(offsets))
        else:
            yield ServerSentEvent(event="deployment", data=DeploymentOut.of_view(news), id=id_of(offsets))


def id_of(offsets: dict[str, int]) -> str:
    """An event's id: how much of each step's log was sent with it and before."""
    return ",".join(f"{step}:{offset}" for step, offset in offsets.items())


def offsets_of(event_id: str) -> dict[str, int]:
    """The same read back; what can't be read counts as nothing had."""
    pairs = (part.partition(":") for part in event_id.split(","))
    return {
        step: int(offset) for step, _, offset in pairs if offset.isascii() and offset.isdigit() and len(offset) < 16
    }
