"""HTTP/2 on a plain connection, as far as `bench.cutover` needs it: GETs, several at once, and their whole answers.

Headers are not decoded but for the status; the release that answered is read from the body, which names it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.cutover_http import Response, Stream, Wrong

_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM = _ACK = 1
_END_HEADERS = 4
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: The first byte of a block of headers that begins with `:status: 200`.
_OK = 0x88


@dataclass
class Streams:
    """A connection and what has come on it."""

    stream: Stream
    bodies: dict[int, bytes] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    #: The server wants no more requests on it.
    leaving: bool = False
    _next: int = 1

    def begin(self) -> None:
        """Say that it is HTTP/2."""
        self.stream[1].write(_PREFACE + _frame(_SETTINGS, 0, 0, b""))

    async def gets(self, host: str, paths: Sequence[str]) -> list[Response]:
        """All at once, each on a stream of its own. Raises `Wrong`, `OSError`, `IncompleteReadError`."""
        numbers = [self._next + 2 * index for index in range(len(paths))]
        self._next += 2 * len(paths)
        head = zip(numbers, paths, strict=True)
        flags = _END_STREAM | _END_HEADERS
        self.stream[1].write(b"".join(_frame(_HEADERS, flags, n, _request(host, path)) for n, path in head))
        while not self.ended.issuperset(numbers):
            await self._read()
        return [_response(self.bodies.pop(number, b"")) for number in numbers]

    async def _read(self) -> None:
        reader, writer = self.stream
        header = await reader.readexactly(9)
        kind, flags, number = header[3], header[4], int.from_bytes(header[5:]) & 0x7FFFFFFF
        content = await reader.readexactly(int.from_bytes(header[:3]))
        if kind in (_SETTINGS, _PING) and not flags & _ACK:
            writer.write(_frame(kind, _ACK, 0, content if kind == _PING else b""))
        elif kind == _DATA:
            self._take(number, content)
        elif kind == _HEADERS and content[0] != _OK:
            raise Wrong("HTTP/2: not status 200", f"{content[:20]!r}")
        elif kind == _RST_STREAM:
            raise Wrong("HTTP/2: stream reset", f"code {int.from_bytes(content)}")
        elif kind == _GOAWAY:
            self.leaving = True
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            self.ended.add(number)

    def _take(self, number: int, content: bytes) -> None:
        self.bodies[number] = self.bodies.get(number, b"") + content
        if content:
            self.stream[1].write(_frame(_WINDOW_UPDATE, 0, 0, len(content).to_bytes(4)))


def _request(host: str, path: str) -> bytes:
    """A block of headers: GET, http, and two that are not indexed. Each text has less than 127 bytes."""
    texts = ((0x04, path.encode()), (0x01, host.encode()))
    return bytes([0x82, 0x86]) + b"".join(bytes([index, len(text)]) + text for index, text in texts)


def _frame(kind: int, flags: int, number: int, content: bytes) -> bytes:
    return len(content).to_bytes(3) + bytes([kind, flags]) + number.to_bytes(4) + content


def _response(body: bytes) -> Response:
    named = re.fullmatch(rb"release (\d+)\n", body)
    if not named:
        raise Wrong("wrong body", f"{body[:40]!r}")
    return Response(200, {"x-release": named[1].decode()}, body)
