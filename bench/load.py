"""A load that never stops asking, and counts what went wrong: new and kept connections, GET and POST, a slow request,
websockets. It shares no code with Shipway or its proxy: an independent witness."""

import asyncio
import base64
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Tally:
    """What the clients saw."""

    ok: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    releases: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    #: Times a websocket was closed by the other side.
    websocket_closed: Counter[str] = field(default_factory=Counter)

    def count(self, kind: str, release: str, seconds: float) -> None:
        """One request that was answered as it should be."""
        self.ok[kind] += 1
        self.releases[release] += 1
        self.slowest = max(self.slowest, seconds)


@dataclass(frozen=True)
class Load:
    """Where to send it."""

    port: int
    host: str
    tally: Tally

    @asynccontextmanager
    async def running(self, *, pause: float = 0.01) -> AsyncIterator[None]:
        """All kinds of clients at once, each pausing `pause` seconds between requests, until the context ends."""
        stop = asyncio.Event()
        kinds: tuple[Callable[[asyncio.Event, float], Awaitable[None]], ...] = (
            self._kept_get,
            self._kept_post,
            self._new_get,
            self._new_post,
            self._slow,
        )
        tasks = [asyncio.ensure_future(kind(stop, pause)) for kind in kinds]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def websocket(self, stop: asyncio.Event, name: str) -> None:
        """Keep one websocket open and talk on it; note when it is closed under us, and open another."""
        while not stop.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                await self._converse(reader, writer, stop, name)
            except (OSError, asyncio.IncompleteReadError):
                self.tally.websocket_closed[name] += 1
            finally:
                writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: asyncio.Event, name: str
    ) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = (
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        )
        writer.write(f"GET /ws HTTP/1.1\r\nHost: {self.host}\r\n{upgrade}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            self.tally.failed.append(f"{name}: no upgrade: {head[:60]!r}")
            return
        while not stop.is_set():
            mask, text = os.urandom(4), b"hello"
            writer.write(bytes([0x81, 0x80 | len(text)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(text)))
            async with asyncio.timeout(15):
                echoed = await reader.readexactly(2 + len(text))
            if echoed[2:] == text:
                self.tally.ok[name] += 1
            await asyncio.sleep(0.05)

    async def _kept_get(self, stop: asyncio.Event, pause: float) -> None:
        await self._kept("GET kept", b"", stop, pause)

    async def _kept_post(self, stop: asyncio.Event, pause: float) -> None:
        await self._kept("POST kept", os.urandom(2000), stop, pause)

    async def _new_get(self, stop: asyncio.Event, pause: float) -> None:
        await self._new("GET new", b"", stop, pause)

    async def _new_post(self, stop: asyncio.Event, pause: float) -> None:
        await self._new("POST new", os.urandom(2000), stop, pause)

    async def _slow(self, stop: asyncio.Event, pause: float) -> None:
        await self._new("slow", b"", stop, pause, path="/slow")

    async def _new(self, kind: str, body: bytes, stop: asyncio.Event, pause: float, path: str = "/") -> None:
        while not stop.is_set():
            await self._guarded(kind, body, path, None)
            await asyncio.sleep(pause)

    async def _kept(self, kind: str, body: bytes, stop: asyncio.Event, pause: float) -> None:
        """One connection for as long as the server keeps it; a server may close it between requests, never in one."""
        stream: Stream | None = None
        while not stop.is_set():
            if stream is None or stream[0].at_eof():
                stream = await asyncio.open_connection("127.0.0.1", self.port)
            if not await self._guarded(kind, body, "/", stream):
                stream = None
            await asyncio.sleep(pause)
        if stream:
            stream[1].close()

    async def _guarded(self, kind: str, body: bytes, path: str, stream: Stream | None) -> bool:
        began = time.monotonic()
        try:
            async with asyncio.timeout(30):
                release, kept = await self._request(body, path, stream)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            self.tally.failed.append(f"{kind}: {type(error).__name__} {error}")
            return False
        self.tally.count(kind, release, time.monotonic() - began)
        return kept

    async def _request(self, body: bytes, path: str, stream: Stream | None) -> tuple[str, bool]:
        reader, writer = stream or await asyncio.open_connection("127.0.0.1", self.port)
        try:
            method = "POST" if body else "GET"
            close = "" if stream else "Connection: close\r\n"
            head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(body)}\r\n{close}\r\n"
            writer.write(head.encode() + body)
            return await _answer(reader, body)
        finally:
            if stream is None:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader, body: bytes) -> tuple[str, bool]:
    """The release that answered, and whether the connection may be used again. Raises `ValueError` for a wrong answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n"))}
    content = await reader.readexactly(int(headers["content-length"]))
    if " 200 " not in head.split("\r\n")[0] + " " or (body and content != body):
        raise ValueError(head.split("\r\n")[0])
    return headers["x-release"], headers.get("connection", "").lower() != "close"
