"""One question to one instance, as cheap and as plain as it can be: a new connection, a GET, the status line."""

import asyncio
import re
from contextlib import suppress

#: Seconds that an instance has to answer one question, before it is live and after.
PATIENCE = 5.0
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")


async def probe_http(address: str, port: int, path: str, *, host: str, timeout: float) -> int | None:
    """The status it answered; `None` when it does not accept connections or does not answer in `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            return await _ask(address, port, path, host)
    except (OSError, TimeoutError, ValueError):
        return None


async def probe_tcp(address: str, port: int, *, timeout: float) -> bool:
    """Whether it accepts a connection within `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _ask(address: str, port: int, path: str, host: str) -> int | None:
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Shipway-Probe\r\n"
            "Accept: */*\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n".encode()
        )
        match = _STATUS.match(await reader.readline())
        return int(match[1]) if match else None
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
