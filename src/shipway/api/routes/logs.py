"""What a service's instances write."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shipway.api.auth import TheActor, ThePlatform
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.logs import LogLineOut
from shipway.api.streams import told
from shipway.domain.names import ServicePath
from shipway.domain.workload import LogLine
from shipway.operations import logs, services

router = APIRouter(prefix=f"{SERVICE}/logs", tags=["logs"])

LastEventId = Annotated[str, Header(max_length=64, description="Only later lines than the one with this id.")]


async def _visible(platform: ThePlatform, actor: TheActor, path: ThePath) -> ServicePath:
    return (await services.get_service(platform, actor, path, with_instances=False)).service.path


@router.get("", response_class=EventSourceResponse)
async def service_logs(
    platform: ThePlatform,
    actor: TheActor,
    path: Annotated[ServicePath, Depends(_visible)],
    *,
    follow: Annotated[bool, Query(description="Go on with what they write from now on.")] = False,
    tail: Annotated[int | None, Query(ge=1, le=100_000, description="Only the last so many; null: all.")] = None,
    process: Annotated[str, Query(max_length=40, description="Only instances of this process type.")] = "",
    last_event_id: LastEventId = "",
) -> AsyncIterator[ServerSentEvent]:
    """Events `log` (`at`, `stream`, `text`, `instance`), merged by time; `end` after the last one."""
    since = _moment(last_event_id)
    lines = logs.service_logs(platform, actor, path, follow=follow, tail=None if since else tail, process=process)
    async for event in told(_events(lines, since)):
        yield event


async def _events(lines: AsyncIterator[LogLine], since: datetime | None) -> AsyncIterator[ServerSentEvent]:
    async for line in lines:
        if since is None or line.at > since:
            yield ServerSentEvent(event="log", data=LogLineOut.of(line), id=line.at.isoformat())


def _moment(event_id: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(event_id)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
