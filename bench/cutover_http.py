"""HTTP/1.1 and websockets over plain sockets, strict about what is whole: shares no code with Shipway or its proxy."""

import asyncio
import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_LONGEST = 4 * 1024 * 1024


class Wrong(Exception):
    """An answer that is not what it must be: in which way, and what came."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


@dataclass(frozen=True)
class Response:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def release(self) -> int:
        """Number of the release that says it answered."""
        if not self.headers.get("x-release", "").isdigit():
            raise Wrong("no release named itself", str(self.status))
        return int(self.headers["x-release"])

    @property
    def kept(self) -> bool:
        """Whether the connection may be used again."""
        return self.headers.get("connection", "").lower() != "close"


async def connect(port: int) -> Stream:
    """A connection to the proxy."""
    return await asyncio.open_connection("127.0.0.1", port, limit=_LONGEST)


async def exchange(stream: Stream, host: str, path: str, body: bytes = b"", *, close: bool = False) -> Response:
    """One request, POST when it has a body, and its whole answer. Raises `Wrong`, `OSError`, `IncompleteReadError`."""
    reader, writer = stream
    method = "POST" if body else "GET"
    last = "Connection: close\r\n" if close else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{last}\r\n"
    writer.write(head.encode() + body)
    return await read_response(reader)


async def read_response(reader: asyncio.StreamReader) -> Response:
    """An answer to its end, however that is marked."""
    status, headers = await _read_head(reader)
    try:
        return Response(status, headers, await _read_body(reader, headers))
    except asyncio.IncompleteReadError as error:
        raise Wrong("the answer was cut short", f"status {status}") from error


async def upgrade(stream: Stream, host: str) -> Response:
    """Make it a websocket. Raises `Wrong` when that is refused."""
    reader, writer = stream
    key = base64.b64encode(os.urandom(16)).decode()
    wish = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(f"GET /ws HTTP/1.1\r\nHost: {host}\r\n{wish}\r\n".encode())
    status, headers = await _read_head(reader)
    if status != 101:
        raise Wrong(f"no websocket: status {status}")
    return Response(status, headers, b"")


async def echo(stream: Stream, text: bytes) -> bytes:
    """Say something of less than 126 bytes on a websocket, and what came back."""
    reader, writer = stream
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
    writer.write(bytes([0x81, 0x80 | len(text)]) + mask + masked)
    return (await reader.readexactly(2 + len(text)))[2:]


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise Wrong("no HTTP", first[:60])
    return int(rest[:3]), {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    if "content-length" not in headers:
        raise Wrong("an answer without a length")
    return await reader.readexactly(int(headers["content-length"]))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body
