"""A proxy under test: instances to route to, clients that count every failure, and HAProxy in a home of its own."""

import asyncio
import base64
import hashlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shipway.domain.artifacts import Target
from shipway.domain.route import Route, Table
from shipway.routers.haproxy.client import ADMIN, session
from shipway.routers.haproxy.router import HAProxyRouter

END = b"\r\n\r\n"


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def table(routes: dict[str, str], *sets: "Sequence[App]") -> Table:
    """A table from `{host: set}`, each host a service of its own, and sets named after their first instance."""
    return Table(
        tuple(Route(f"svc_{host}", (host,), chosen) for host, chosen in routes.items()),
        {apps[0].name: tuple(app.target for app in apps) for apps in sets},
    )


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: str


class App:
    """An instance: an HTTP server on loopback that answers with its own name.

    `/headers` answers with the request's headers, `/held` once `release` is set, `/after/0.2` after that many seconds;
    a request with `Upgrade: websocket` gets a connection that echoes.
    """

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.port = port
        self.release = asyncio.Event()
        #: Requests so far, and those being served.
        self.requests = 0
        self.busy = 0
        #: Connections accepted so far.
        self.accepted = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def target(self) -> Target:
        """The instance as the router is told of it."""
        return Target(self.name, "127.0.0.1", self.port)

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._connections)

    async def start(self) -> "App":
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        """Die at once, as a killed process does."""
        if self._server:
            self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        self.accepted += 1
        try:
            while True:
                head = (await reader.readuntil(END)).decode()
                headers = _headers(head)
                await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests += 1
                self.busy += 1
                try:
                    if headers.get("upgrade") == "websocket":
                        return await self._echo(headers["sec-websocket-key"], reader, writer)
                    await self._answer(head, writer)
                finally:
                    self.busy -= 1
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        path = head.split(" ", 2)[1]
        if path == "/held":
            await self.release.wait()
        if path.startswith("/after/"):
            await asyncio.sleep(float(path.removeprefix("/after/")))
        body = (head if path == "/headers" else self.name).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async def _echo(self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
        head = f"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}"
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n\r\n".encode())
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def apps(*names: str) -> AsyncIterator[list[App]]:
    """Instances of those names, running."""
    running = [await App(name).start() for name in names]
    try:
        yield running
    finally:
        for app in running:
            app.stop()


class Client:
    """One keep-alive connection to the proxy, opened when needed. Anything but an answer is raised."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, host: str, path: str = "/", *, body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """GET, or POST when there is a body."""
        reader, writer = self._streams = self._streams or await asyncio.open_connection("127.0.0.1", self._port)
        lines = {"Host": host, **({"Content-Length": str(len(body))} if body else {}), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
        async with asyncio.timeout(20):
            text = (await reader.readuntil(END)).decode()
            found = _headers(text)
            content = await reader.readexactly(int(found.get("content-length", "0")))
        if found.get("connection") == "close":
            self.close()
        return Answer(int(text.split(" ", 2)[1]), found, content.decode())

    async def upgrade(self, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Turn the connection into one that echoes, and hand it over."""
        key = base64.b64encode(b"sixteen bytes ok").decode()
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        }
        answer = await self.request(host, headers=headers)
        assert answer.status == 101
        assert self._streams
        return self._streams

    @property
    def is_closed(self) -> bool:
        """Whether the other side has closed the idle connection."""
        return self._streams is not None and self._streams[0].at_eof()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def eventually(happens: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    """Wait for something that has no event; fails when it does not happen in time."""
    async with asyncio.timeout(seconds):
        while not await happens():
            await asyncio.sleep(0.005)


async def get(port: int, host: str, path: str = "/", **headers: str) -> Answer:
    """One request over a connection of its own."""
    client = Client(port)
    try:
        return await client.request(
            host, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
    finally:
        client.close()


class Browser:
    """A client that keeps its cookies, with a connection of its own for each request."""

    def __init__(self, port: int) -> None:
        self._port = port
        #: By name, as a Cookie header has them.
        self.cookies: dict[str, str] = {}

    async def request(self, host: str) -> Answer:
        """GET, with the cookies it has."""
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await get(self._port, host, **({"Cookie": sent} if sent else {}))
        if given := answer.headers.get("set-cookie"):
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


class Held:
    """A request in flight, until `finish`."""

    def __init__(self, app: App, port: int, host: str) -> None:
        self._app = app
        self._answer = asyncio.create_task(get(port, host, "/held"))

    async def finish(self) -> str | None:
        """Let it end: the name of the instance that answered, `None` when it was cut."""
        self._app.release.set()
        try:
            answer = await self._answer
        except (OSError, asyncio.IncompleteReadError):
            return None
        return answer.body if answer.status == 200 else None


async def hold(app: App, port: int, host: str) -> Held:
    """Begin a request that stays in flight at `app`, which must be the only one that serves the host."""
    app.release.clear()
    before = app.busy
    held = Held(app, port, host)
    async with asyncio.timeout(5):
        while app.busy == before:
            await asyncio.sleep(0.001)
    return held


@dataclass
class Load:
    """Clients that ask without pause, and what became of it."""

    #: Requests by the name of the instance that answered.
    served: Counter[str] = field(default_factory=Counter)
    #: Everything that was not an answer with 200, described.
    failures: list[str] = field(default_factory=list)
    #: Set to have the clients stop after the request they have in flight.
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def requests(self) -> int:
        """How many were sent in all."""
        return self.served.total() + len(self.failures)

    async def keep_asking(self, port: int, host: str, *, alive: bool, body: str = "", path: str = "/") -> None:
        """Ask until it is enough, over one connection or over a new one each time."""
        client = Client(port)
        while not self.enough.is_set():
            try:
                answer = await client.request(host, path, body=body)
                if answer.status == 200:
                    self.served[answer.body] += 1
                else:
                    self.failures.append(f"{answer.status} {answer.body[:80]}")
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self.failures.append(repr(error))
                client.close()
            if not alive:
                client.close()
            await asyncio.sleep(0.002)
        client.close()


@asynccontextmanager
async def load(port: int, host: str) -> AsyncIterator[Load]:
    """Clients of every kind asking `host`: new connections and kept ones, GET and POST, quick and slow."""
    count = Load()
    kinds = [
        *({"alive": alive, "body": body} for alive in (True, False) for body in ("", "text") for _ in range(2)),
        *({"alive": True, "path": "/after/0.05"} for _ in range(3)),
        {"alive": False, "path": "/after/0.3"},
    ]
    tasks = [asyncio.create_task(count.keep_asking(port, host, **kind)) for kind in kinds]
    try:
        yield count
    finally:
        count.enough.set()
        await asyncio.gather(*tasks)


async def connections(home: Path) -> int:
    """How many clients are connected to HAProxy."""
    async with session(home / "proxy", ADMIN) as admin:
        header, row, *_ = (await admin.ask("show stat web 1 -1")).splitlines()
    return int(row.split(",")[header.split(",").index("scur")])


@asynccontextmanager
async def haproxy(home: Path, *, pool: int = 8) -> AsyncIterator[tuple[HAProxyRouter, int]]:
    """HAProxy of this test alone: its router and its port."""
    port = free_port()
    router = HAProxyRouter(home, "127.0.0.1", port, pool=pool)
    await router.check()
    try:
        yield router, port
    finally:
        await router.shutdown()


def _headers(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs if name}
