"""Git's smart HTTP: `git push shipway main` ends here. See gitprotocol-http(5).

Any user name and an API token as the password. What a person is to read is plain text: git shows it.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from shipway.api.auth import ThePlatform
from shipway.api.errors import answer
from shipway.api.routes.paths import EnvironmentName, ProjectName, ServiceName, WorkspaceName
from shipway.domain import pkt_line
from shipway.domain.errors import Conflict, Invalid, LimitReached, NotFound, ShipwayError, Unauthenticated
from shipway.domain.names import ServicePath
from shipway.operations import accounts, git_push
from shipway.operations.access import Actor
from shipway.operations.git_pushes import TRIGGER
from shipway.sources.repositories import GitService

PREFIX = "/git"

# It is git's own protocol, and no part of what the API's description is for.
router = APIRouter(prefix=PREFIX, include_in_schema=False)

_REPOSITORY = "/{workspace}/{project}/{environment}/{service}.git"
_SERVICES: tuple[GitService, ...] = ("git-receive-pack", "git-upload-pack")
#: Bytes of what a client that fetches says it has, and bytes that one chunk may grow to when it is unpacked.
_MOST_FETCH = 16 * 1024 * 1024
_MOST_CHUNK = 64 * 1024
_basic = HTTPBasic(auto_error=False)


async def _actor(
    platform: ThePlatform, basic: Annotated[HTTPBasicCredentials | None, Security(_basic)]
) -> Actor | None:
    """`None` for nobody."""
    if basic is None:
        return None
    try:
        return Actor(await accounts.authenticate(platform, basic.password, "token"), TRIGGER)
    except Unauthenticated:
        return None


def _path(
    workspace: WorkspaceName, project: ProjectName, environment: EnvironmentName, service: ServiceName
) -> ServicePath | None:
    """`None` for what can be nobody's."""
    try:
        return ServicePath.parse(f"{workspace}/{project}/{environment}/{service}")
    except Invalid:
        return None


SomeActor = Annotated[Actor | None, Depends(_actor)]
SomePath = Annotated[ServicePath | None, Depends(_path)]


@router.get(f"{_REPOSITORY}/info/refs")
async def advertise(
    platform: ThePlatform,
    request: Request,
    who: SomeActor,
    where: SomePath,
    asked: Annotated[str, Query(alias="service")] = "",
) -> Response:
    """What a client asks first."""
    try:
        actor, path = _known(who, where)
        service = _spoken(asked)
    except ShipwayError as error:
        return _told(error)
    try:
        refs = await git_push.advertise(platform, actor, path, service, _protocol(request))
    except Conflict as error:
        refs = pkt_line.refusal(_text(error))
    except ShipwayError as error:
        return _told(error)
    begun = pkt_line.packet(f"# service={service}\n".encode()) + pkt_line.FLUSH
    return Response(begun + refs, media_type=f"application/x-{service}-advertisement")


@router.post(f"{_REPOSITORY}/git-receive-pack")
async def receive(platform: ThePlatform, request: Request, who: SomeActor, where: SomePath) -> Response:
    """A push."""
    try:
        actor, path = _known(who, where)
        return _Streamed(await git_push.receive(platform, actor, path, _body(request)), "git-receive-pack")
    except ShipwayError as error:
        return _told(error)
    except ClientDisconnect:
        return Response(status_code=400)


@router.post(f"{_REPOSITORY}/git-upload-pack")
async def fetch(platform: ThePlatform, request: Request, who: SomeActor, where: SomePath) -> Response:
    """A fetch, or a clone."""
    try:
        actor, path = _known(who, where)
        said = b""
        async for chunk in _body(request):
            said += chunk
            if len(said) > _MOST_FETCH:
                raise LimitReached("This fetch says too much of what is there already.", hint="Clone anew.")
        return _Streamed(await git_push.fetch(platform, actor, path, said, _protocol(request)), "git-upload-pack")
    except ShipwayError as error:
        return _told(error)
    except ClientDisconnect:
        return Response(status_code=400)


class _Streamed(Response):
    """An answer as it comes to be. It begins when the request was read to its end: nobody else reads from it then."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], service: GitService) -> None:
        super().__init__(media_type=f"application/x-{service}-result", headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it is over or nobody listens any more."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for each in (sending, leaving):
                each.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async with aclosing(self._chunks):
            async for chunk in self._chunks:
                if chunk:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _known(actor: Actor | None, path: ServicePath | None) -> tuple[Actor, ServicePath]:
    if actor is None:
        raise Unauthenticated(
            "This takes an API token, as the password, with any user name.",
            hint="`shipway git remote` sets that up; `shipway tokens create` makes a token.",
        )
    if path is None:
        raise NotFound("There is no such service.", hint="`shipway git remote PATH` knows the right URL.")
    return actor, path


def _spoken(service: str) -> GitService:
    for each in _SERVICES:
        if each == service:
            return each
    raise Invalid("Only git's smart HTTP is spoken here.", hint="Use a git that is newer than 1.6.6.")


async def _body(request: Request) -> AsyncIterator[bytes]:
    """What was sent, unpacked piece by piece where git has packed it."""
    if request.headers.get("content-encoding", "identity") == "identity":
        async for chunk in request.stream():
            yield chunk
        return
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for chunk in request.stream():
        try:
            packed = chunk
            while packed:
                yield unpacking.decompress(packed, _MOST_CHUNK)
                packed = unpacking.unconsumed_tail
        except zlib.error as error:
            raise Invalid("The request says that it is packed by gzip, and is not.", hint="Push again.") from error


def _protocol(request: Request) -> str:
    return request.headers.get("git-protocol", "")


def _told(error: ShipwayError) -> Response:
    """An error as git shows it to people."""
    status = answer(error).status_code
    headers = {"WWW-Authenticate": 'Basic realm="Shipway", charset="UTF-8"'} if status == 401 else None
    return PlainTextResponse(f"{_text(error)}\n", status, headers)


def _text(error: ShipwayError) -> str:
    return "\n".join(filter(None, (error.message, error.hint)))
