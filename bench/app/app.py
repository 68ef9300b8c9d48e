"""An app that answers, echoes, takes its time, speaks websocket, and leaves politely: standard library only."""

import asyncio
import base64
import hashlib
import os
import signal

RELEASE = os.environ.get("SHIPWAY_RELEASE", "0")
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
busy: set[asyncio.Task[None]] = set()
stopping = asyncio.Event()


async def read_request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes] | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", 0)))


def response(status: str, body: bytes, extra: str = "") -> bytes:
    close = "Connection: close\r\n" if stopping.is_set() else ""
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nX-Release: {RELEASE}\r\n{close}{extra}\r\n".encode()
        + body
    )


async def websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
    accept = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    while True:
        first, second = await reader.readexactly(2)
        mask, payload = await reader.readexactly(4), await reader.readexactly(second & 0x7F)
        text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        writer.write(bytes([first, len(text)]) + text)
        if first & 0x0F == 8:
            return


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while request := await read_request(reader):
        method, path, headers, body = request
        if "sec-websocket-key" in headers:
            await websocket(reader, writer, headers["sec-websocket-key"])
            return
        if path == "/slow":
            await asyncio.sleep(3)
        writer.write(response("200 OK", body if method == "POST" else f"release {RELEASE}\n".encode()))
        await writer.drain()
        if stopping.is_set():
            return


async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    task = asyncio.current_task()
    busy.add(task)
    try:
        await serve(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        busy.discard(task)
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(connection, "0.0.0.0", int(os.environ["PORT"]), backlog=1024)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    print(f"release {RELEASE} listens", flush=True)
    await stopping.wait()
    server.close()
    await asyncio.wait(busy, timeout=5) if busy else None


asyncio.run(main())
