"""Doors: ports of this machine's loopback that a sandbox finds on its own loopback.

The daemon in a sandbox pushes to the built-in registry and gets its tokens from the API, both of which listen on the
machine's loopback only. A listening socket is made inside the sandbox's network namespace and served from here, so that
neither has to listen on a network, and no firewall stands in between.
"""

import asyncio
import ctypes
import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shipway.domain.errors import Unavailable

_NEW_NETWORK = 0x40000000
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Doors:
    """Open doors. They close with `close`, or when Shipway ends."""

    servers: tuple[asyncio.Server, ...]

    def close(self) -> None:
        """Close them; connections that are open go on."""
        for server in self.servers:
            server.close()


async def open_doors(pid: int, ports: Sequence[int]) -> Doors:
    """Serve `ports` on the loopback of the network namespace that process `pid` is in, by those of this machine.

    Raises `Unavailable` when that is not allowed: it takes root, and the engine on this machine.
    """
    servers: list[asyncio.Server] = []
    try:
        for port in ports:
            listening = await asyncio.to_thread(_listen_inside, pid, port)
            servers.append(await asyncio.start_server(_Door(port).passed, sock=listening))
    except BaseException as error:
        # Also when cancelled: a port that is left open could not be opened again.
        Doors(tuple(servers)).close()
        if not isinstance(error, OSError):
            raise
        raise Unavailable(f"The sandbox's network can't be entered: {error.strerror or error}.") from error
    return Doors(tuple(servers))


def _listen_inside(pid: int, port: int) -> socket.socket:
    """A thread of its own enters the namespace and ends there: a namespace is a thread's, and no other thread moves."""
    made: list[socket.socket | OSError] = []

    def work() -> None:
        try:
            made.append(_listen(pid, port))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(result := made[0], OSError):
        raise result
    return result


def _listen(pid: int, port: int) -> socket.socket:
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
        if libc.setns(namespace.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(64)
    except OSError:
        listening.close()
        raise
    return listening


@dataclass(frozen=True, slots=True)
class _Door:
    port: int

    async def passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect who came in with the same port out here."""
        try:
            out_reader, out_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_copy(reader, out_writer), _copy(out_reader, writer))
        finally:
            for each in (writer, out_writer):
                each.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):  # also after a connection that broke: the other side would wait for the rest
        writer.write_eof()
