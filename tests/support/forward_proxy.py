"""A proxy as companies have one: it wants a password, forwards what is HTTP, tunnels the rest, and counts."""

import asyncio
import base64
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.package_host import bridge

USER = "through"


@dataclass
class ForwardProxy:
    """A proxy that is up."""

    address: str
    port: int
    password: str
    #: First lines of the requests that came with the password, and without.
    passed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As the settings want it, with the password."""
        return f"http://{USER}:{self.password}@{self.address}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, and what follows it."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *headers = head.split("\r\n")
            right = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
            if not any(header.lower() == f"proxy-authorization: basic {right}".lower() for header in headers):
                self.refused.append(line)
                writer.write(
                    b"HTTP/1.1 407 Who is there\r\nProxy-Authenticate: Basic realm=p\r\nContent-Length: 0\r\n\r\n"
                )
                await writer.drain()
            else:
                self.passed.append(line)
                await _forward(line, headers, reader, writer)
        writer.close()


async def _forward(line: str, headers: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    method, target, version = line.split()
    url = urlsplit(f"//{target}" if method == "CONNECT" else target)
    out_reader, out_writer = await asyncio.open_connection(url.hostname, url.port or 80)
    if method == "CONNECT":
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
    else:
        kept = [header for header in headers if not header.lower().startswith(("proxy-", "connection:"))]
        path = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
        text = "\r\n".join([f"{method} {path} {version}", "Connection: close", *kept])
        out_writer.write(text.encode("latin-1"))
    await asyncio.gather(_copy(reader, out_writer), _copy(out_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def forward_proxy(password: str) -> Iterator[ForwardProxy]:
    """Serve on the engine's bridge, in a thread of its own."""
    ready: Future[tuple[ForwardProxy, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_run(password, ready)))
    thread.start()
    proxy, loop, stop = ready.result(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _run(password: str, ready: "Future[tuple[ForwardProxy, asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    proxy, stop = ForwardProxy(bridge(), 0, password), asyncio.Event()
    server = await asyncio.start_server(proxy.serve, proxy.address, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    ready.set_result((proxy, asyncio.get_running_loop(), stop))
    await stop.wait()
    server.close()
