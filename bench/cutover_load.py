"""The clients of `bench.cutover`: each asks one service one kind of thing, checks the answer, writes it down, and asks
again."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.cutover_account import Answer, Closed, Ledger, Lost
from bench.cutover_http import Response, Stream, Wrong, connect, echo, exchange, upgrade
from bench.cutover_http2 import Streams

EVENTS = 20
#: Seconds after which an answer counts as lost, beyond what it takes by itself.
PATIENCE = 30.0


@dataclass(frozen=True)
class Kind:
    """One way of asking."""

    name: str
    path: str = "/"
    #: Size of the body that is posted and must come back; 0: a GET.
    body: int = 0
    #: One connection for as long as the server keeps it, rather than one for each request.
    kept: bool = False
    #: Requests at once on it, over HTTP/2; 0: HTTP/1.1.
    streams: int = 0
    #: Seconds that the app takes to answer.
    takes: float = 0.0
    clients: int = 1
    #: Seconds between an answer and the next request.
    pause: float = 0.1


SLOW = Kind("slow (3 s)", "/slow/3", takes=3.0, clients=3, pause=0.05)
VERY_SLOW = Kind("very slow (20 s)", "/slow/20", takes=20.0, clients=8, pause=0.05)

#: Some fifty requests a second.
MIX = (
    Kind("GET, new connection", clients=2),
    Kind("GET, kept connection", kept=True, clients=2),
    Kind("POST 2 KB, new connection", body=2_000),
    Kind("POST 2 KB, kept connection", body=2_000, kept=True),
    Kind("POST 1 MB", body=1_048_576, pause=1.0),
    Kind("HTTP/2, three streams at once", kept=True, streams=3, pause=0.3),
    Kind("SSE (2 s)", "/events", takes=2.0),
    SLOW,
)
#: Some ten requests a second.
FEW = (
    Kind("GET, new connection"),
    Kind("GET, kept connection", kept=True, pause=0.3),
    Kind("POST 2 KB, kept connection", body=2_000, kept=True, pause=0.3),
    Kind("SSE (2 s)", "/events", takes=2.0),
    SLOW,
)
#: Some three requests a second: for the bystander.
FEWEST = (Kind("GET, kept connection", kept=True, pause=0.5), Kind("GET, new connection", pause=1.0))


@dataclass
class Line:
    """A connection that is used again, by requests of one kind."""

    stream: Stream
    streams: int = 0

    def __post_init__(self) -> None:
        self._http2 = Streams(self.stream)
        if self.streams:
            self._http2.begin()

    @property
    def closed(self) -> bool:
        """Whether the server has hung up, or said that it will."""
        return self.stream[0].at_eof() or self._http2.leaving

    def close(self) -> None:
        """Hang up."""
        self.stream[1].close()

    async def exchange(self, host: str, kind: Kind, body: bytes, *, last: bool = False) -> list[Response]:
        """One request, or as many as it has streams, and the right answers. Raises what `exchange` and `check` do."""
        if kind.streams:
            responses = await self._http2.gets(host, [kind.path] * kind.streams)
        else:
            responses = [await exchange(self.stream, host, kind.path, body, close=last)]
        for response in responses:
            check(kind, body, response)
        return responses


@dataclass(frozen=True)
class Clients:
    """Those of one service, and where it is."""

    port: int
    host: str
    service: str
    ledger: Ledger
    clock: Callable[[], float] = time.time

    @asynccontextmanager
    async def running(self, kinds: Sequence[Kind], *, websockets: int = 0) -> AsyncIterator[None]:
        """All of them, until the context ends and each has had the answer that it waits for."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._ask_on(kind, stop, nth)) for kind in kinds for nth in range(kind.clients)]
        tasks += [asyncio.create_task(self._talk_on(stop)) for _ in range(websockets)]
        try:
            yield
            stop.set()
            for task in tasks:
                await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def ask(self, kind: Kind, line: Line | None = None) -> bool:
        """Once, on `line` or a new one; writes down how it went. True: the line may be used again."""
        began = self.clock()
        try:
            async with asyncio.timeout(PATIENCE + kind.takes):
                responses = await self._asked(kind, line)
        except (
            OSError,
            TimeoutError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
            Wrong,
        ) as error:
            self.ledger.lost.append(Lost(self.service, kind.name, *_reason(error, began, self.clock())))
            return False
        ended = self.clock()
        self.ledger.answers += [Answer(self.service, kind.name, each.release, began, ended) for each in responses]
        return all(each.kept for each in responses)

    async def _asked(self, kind: Kind, line: Line | None) -> list[Response]:
        body = os.urandom(kind.body)
        if line:
            return await line.exchange(self.host, kind, body)
        async with _connected(self.port) as new:
            return await Line(new).exchange(self.host, kind, body, last=True)

    async def _ask_on(self, kind: Kind, stop: asyncio.Event, nth: int) -> None:
        # Not all at once: at any switch some slow requests have just begun.
        await _pause(stop, nth * kind.takes / kind.clients)
        line: Line | None = None
        while not stop.is_set():
            if kind.kept and not (line := await self._kept(kind, line)):
                continue
            if not await self.ask(kind, line) and line:
                line.close()
                line = None
            await _pause(stop, kind.pause)
        if line:
            line.close()

    async def _kept(self, kind: Kind, line: Line | None) -> Line | None:
        """`line`, or another one when the server has closed it between two requests."""
        if line and not line.closed:
            return line
        self.ledger.reopened += line is not None
        began = self.clock()
        try:
            return Line(await connect(self.port), kind.streams)
        except OSError as error:
            self.ledger.lost.append(Lost(self.service, kind.name, *_reason(error, began, self.clock())))
            await asyncio.sleep(0.1)
            return None

    async def _talk_on(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began, release = self.clock(), None
            try:
                async with _connected(self.port) as stream:
                    async with asyncio.timeout(PATIENCE):
                        release = (await upgrade(stream, self.host)).release
                    await self._converse(stream, stop)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, Wrong) as error:
                self._note_end(error, release, began)
                await _pause(stop, 0.1)

    async def _converse(self, stream: Stream, stop: asyncio.Event) -> None:
        while not stop.is_set():
            text = os.urandom(8).hex().encode()
            async with asyncio.timeout(PATIENCE):
                if await echo(stream, text) != text:
                    raise Wrong("wrong echo")
            self.ledger.echoes[self.service] += 1
            await _pause(stop, 0.2)

    def _note_end(self, error: Exception, release: int | None, began: float) -> None:
        why = _reason(error, began, self.clock())
        if release is None or isinstance(error, (TimeoutError, Wrong)):
            self.ledger.lost.append(Lost(self.service, "websocket", *why))
        else:
            self.ledger.closed.append(Closed(self.service, release, began, self.clock(), why[0]))


def check(kind: Kind, sent: bytes, response: Response) -> None:
    """Raises `Wrong` unless it is the whole and right answer."""
    if response.status != 200:
        raise Wrong(f"status {response.status}", response.headers.get("x-release", "of the proxy"))
    line = f"release {response.release}\n"
    if sent:
        right = hashlib.sha256(response.body).digest() == hashlib.sha256(sent).digest()
    elif kind.path == "/events":
        right = response.body.decode() == "".join(f"id: {n}\ndata: {line}\n" for n in range(1, EVENTS + 1))
    else:
        right = response.body.decode() == line
    if not right:
        raise Wrong("wrong body", f"{len(response.body)} bytes: {response.body[:40]!r}")


def _reason(error: Exception, began: float, ended: float) -> tuple[str, float, float, str]:
    """Why, from when to when, and what else is known."""
    if isinstance(error, Wrong):
        return error.why, began, ended, error.detail
    if isinstance(error, asyncio.IncompleteReadError):
        cut = "the answer was cut short" if error.partial else "closed before an answer"
        return cut, began, ended, f"after {ended - began:.2f} s"
    if isinstance(error, TimeoutError):
        return "no answer", began, ended, f"in {ended - began:.0f} s"
    return type(error).__name__, began, ended, f"{error} after {ended - began:.2f} s"


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[Stream]:
    stream = await connect(port)
    try:
        yield stream
    finally:
        stream[1].close()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
