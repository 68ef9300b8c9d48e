"""What containers wrote: Docker's framed log stream as lines, followed across restarts."""

import time
from asyncio import IncompleteReadError
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from aiodocker import DockerError
from aiodocker.containers import DockerContainer

from shipway.domain.workload import LogLine
from shipway.engines.docker.connection import Connection

Stream = Literal["stdout", "stderr"]

_HEADER = 8
_STDERR = 2
#: What Docker itself has to say, as its answer has begun by then: `Systemerr` in moby's `pkg/stdcopy`.
_FROM_DOCKER = 3
#: Removed, or being removed.
_GONE = (404, 409)
#: Bytes of the pieces that Docker breaks long lines into, and of what they are joined to at most.
_PIECE = 16 * 1024
_LONGEST = 256 * 1024


class ByteStream(Protocol):
    """What frames are read from."""

    async def readexactly(self, n: int, /) -> bytes:
        """`n` bytes; raises `IncompleteReadError` at the end."""


@dataclass(frozen=True, slots=True)
class Written:
    """One line as Docker gives it out."""

    stream: Stream
    #: RFC 3339 with nine digits: sorts as text, and is exact where a `datetime` is not.
    at: str
    text: str


async def lines(content: ByteStream) -> AsyncGenerator[Written, None]:
    """Docker's frames (one byte of stream, three of nothing, four of length, then `<time> <text>`) as whole lines.

    A line whose last piece is not there yet when the stream ends is left out. Raises `DockerError` where Docker could
    not read the log.
    """
    begun: dict[Stream, tuple[str, bytes]] = {}
    async for stream, frame in _frames(content):
        at, _, piece = frame.partition(b" ")
        first, text = begun.pop(stream, (at.decode(), b""))
        text += piece
        if _has_more(piece) and len(text) < _LONGEST:
            begun[stream] = first, text
        else:
            yield Written(stream, first, text.decode(errors="replace").rstrip("\n"))


def _has_more(piece: bytes) -> bool:
    """Whether more of the line is to come; what is shorter and has no line break is the last an app wrote."""
    return not piece.endswith(b"\n") and len(piece) >= _PIECE


async def _frames(content: ByteStream) -> AsyncIterator[tuple[Stream, bytes]]:
    try:
        while True:
            header = await content.readexactly(_HEADER)
            body = await content.readexactly(int.from_bytes(header[4:], "big"))
            if header[0] == _FROM_DOCKER:
                raise DockerError(500, body.decode(errors="replace").strip())
            yield "stderr" if header[0] == _STDERR else "stdout", body
    except IncompleteReadError:
        return


async def read(
    connection: Connection,
    container: DockerContainer,
    instance: str,
    *,
    follow: bool,
    tail: int | None,
    settled: Callable[[], Awaitable[None]],
) -> AsyncGenerator[LogLine, None]:
    """See `Engine.logs`. `settled` returns when nobody here is about to start the container.

    Docker ends a followed log with every exit, and often before an app's last line when that has no line break. So
    the log is read on from where it ended: followed if the container restarts, else once more to its real end.
    """
    began = f"{time.time():.9f}"
    parameters = {
        "stdout": 1,
        "stderr": 1,
        "timestamps": 1,
        "follow": int(follow),
        "tail": "all" if tail is None else tail,
    }
    seen = latest = ""
    while True:
        try:
            async with connection.stream(f"containers/{container.id}/logs", parameters) as content:
                async for line in lines(content):
                    if line.at > seen:
                        latest = max(latest, line.at)
                        yield LogLine(datetime.fromisoformat(line.at), line.stream, line.text, instance)
        except DockerError as error:
            if error.status not in _GONE and not await _is_leaving(container):
                raise
            return
        if not follow:
            return
        await settled()
        follow, seen = await _runs_again(connection, container), latest
        parameters |= {"follow": int(follow), "tail": "all", "since": _epoch(seen) if seen else began}


async def _is_leaving(container: DockerContainer) -> bool:
    """Whether a container is gone or being removed: its log goes first."""
    try:
        state = (await container.show())["State"]
    except DockerError as error:
        if error.status != 404:
            raise
        return True
    return bool(state["Dead"]) or state["Status"] == "removing"


async def _runs_again(connection: Connection, container: DockerContainer) -> bool:
    """Whether a container whose log has ended is running once more, waiting while Docker holds back its restart."""
    began = time.time()
    try:
        state = (await container.show())["State"]
        if state["Restarting"]:
            filters = {"container": [container.id], "event": ["start", "stop", "destroy"]}
            async with aclosing(connection.events(filters, since=began)) as messages:
                await anext(messages, None)
            state = (await container.show())["State"]
    except DockerError as error:
        if error.status != 404:
            raise
        return False
    return bool(state["Running"])


def _epoch(at: str) -> str:
    """An RFC 3339 time as Docker's parameters want it."""
    whole, _, fraction = at.partition(".")
    return f"{int(datetime.fromisoformat(f'{whole}+00:00').timestamp())}.{fraction.removesuffix('Z')}"
