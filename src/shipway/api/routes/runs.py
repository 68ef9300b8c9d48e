"""One-off runs: asked for, listed, ended, their logs; and the websocket by which somebody sits before one."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Header, Path, Query, WebSocket
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shipway.api.auth import TheActor, ThePlatform, current_actor
from shipway.api.conversation import Conversation
from shipway.api.errors import answer
from shipway.api.guards import SESSION_COOKIE
from shipway.api.routes.paths import SERVICE, ThePath
from shipway.api.schemas.runs import CommandIn, RunIn, RunOut, RunText
from shipway.api.streams import told
from shipway.domain.errors import Forbidden, Invalid, ShipwayError
from shipway.domain.session import Window
from shipway.operations import runs
from shipway.operations.access import Actor
from shipway.operations.runs import RunOutput
from shipway.pipeline.platform import Platform

router = APIRouter(tags=["runs"])

RunId = Annotated[str, Path(alias="run", max_length=40, pattern=r"^[a-z0-9_]+$", examples=["run_01k3v9h2s4q8m6x7"])]
LastEventId = Annotated[str, Header(max_length=16, description="Byte offset from the last event had.")]


@router.post(f"{SERVICE}/runs", status_code=201)
async def create_run(platform: ThePlatform, actor: TheActor, path: ThePath, body: RunIn) -> RunOut:
    """A command in a container of its own, of a release. One that is not detached begins when its client connects the
    websocket `/runs/{run}/attach`, within a minute."""
    made = await runs.ask_for_run(
        platform,
        actor,
        path,
        tuple(body.command),
        attached=not body.detached,
        process=body.process,
        release=body.release,
        timeout=body.timeout,
    )
    return RunOut.of(made)


@router.post(f"{SERVICE}/commands", status_code=201)
async def create_command(platform: ThePlatform, actor: TheActor, path: ThePath, body: CommandIn) -> RunOut:
    """A command beside the app of a running instance: with its files, its user, its environment, within its limits. A run like
    others, attached: it begins when its client connects the websocket `/runs/{run}/attach`, within a minute."""
    command = tuple(body.command or ())
    made = await runs.ask_to_enter(platform, actor, path, command, instance=body.instance, timeout=body.timeout)
    return RunOut.of(made)


@router.get(f"{SERVICE}/runs")
async def list_runs(
    platform: ThePlatform, actor: TheActor, path: ThePath, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[RunOut]:
    """A service's, newest first, over and under way."""
    return [RunOut.of(each) for each in await runs.list_runs(platform, actor, path, limit=limit)]


@router.get("/runs/{run}")
async def get_run(platform: ThePlatform, actor: TheActor, run: RunId) -> RunOut:
    """One, and what has become of it."""
    return RunOut.of(await runs.get_run(platform, actor, run))


@router.post("/runs/{run}/stop", status_code=202)
async def stop_run(platform: ThePlatform, actor: TheActor, run: RunId) -> RunOut:
    """Have one ended: SIGTERM, its grace, SIGKILL. It is when its state says so."""
    return RunOut.of(await runs.stop_run(platform, actor, run))


async def _with_log(platform: ThePlatform, actor: TheActor, run: RunId) -> str:
    if (await runs.get_run(platform, actor, run)).run.attached:
        raise Invalid(f"{run} ran attached.", hint="What it wrote went to its client, and is kept nowhere.")
    return run


@router.get("/runs/{run}/log", response_class=EventSourceResponse)
async def run_log(
    platform: ThePlatform,
    actor: TheActor,
    run: Annotated[str, Depends(_with_log)],
    *,
    follow: Annotated[bool, Query(description="Go on with what it writes from now on, to its end.")] = False,
    last_event_id: LastEventId = "",
) -> AsyncIterator[ServerSentEvent]:
    """Events `log` (`offset`, `text`) of what a detached one wrote, secrets masked; `end` after the last one."""
    offset = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    async for event in told(_events(runs.follow_run(platform, actor, run, offset=offset, follow=follow))):
        yield event


async def _events(written: AsyncIterator[RunOutput]) -> AsyncIterator[ServerSentEvent]:
    async for each in written:
        yield ServerSentEvent(event="log", data=RunText(offset=each.offset, text=each.text), id=str(each.offset))


@router.websocket("/runs/{run}/attach")
async def attach_to_run(websocket: WebSocket, platform: ThePlatform, run: RunId) -> None:
    """Sit before an attached run: with `?rows=24&columns=80` by a terminal of that size, else by plain streams."""
    try:
        actor, window = await _visitor(websocket, platform), _window(websocket)
        taken = await runs.take(platform, actor, run)
    except ShipwayError as error:
        await websocket.send_denial_response(answer(error))
        return
    await websocket.accept()
    conversation = Conversation(websocket)
    await conversation.end(await runs.sit_before(platform, taken, window, conversation))


async def _visitor(websocket: WebSocket, platform: Platform) -> Actor:
    """Who connects. Browsers attach a session's cookie whoever made them connect, and say in `Origin` who it was."""
    origin = websocket.headers.get("Origin")
    own = {websocket.headers.get("Host", "-"), urlsplit(platform.settings.url).netloc}
    session = websocket.cookies.get(SESSION_COOKIE)
    scheme, _, token = websocket.headers.get("Authorization", "").partition(" ")
    bearer = HTTPAuthorizationCredentials(scheme=scheme, credentials=token) if scheme.lower() == "bearer" else None
    if (origin is not None and urlsplit(origin).netloc not in own) or (origin is None and not bearer and session):
        raise Forbidden("A connection from another site's page was refused.", hint="Use Shipway's own pages.")
    return await current_actor(websocket, platform, bearer, session)


def _window(websocket: WebSocket) -> Window | None:
    asked = [websocket.query_params.get(name) for name in ("rows", "columns")]
    if asked == [None, None]:
        return None
    numbers = [int(each) if each and each.isascii() and each.isdigit() and len(each) < 6 else 0 for each in asked]
    if not all(0 < each < 65_536 for each in numbers):
        raise Invalid("A terminal has from 1 to 65535 rows and columns.", hint="For example: ?rows=24&columns=80")
    return Window(*numbers)
