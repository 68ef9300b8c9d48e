"""The app under change: answers, echoes, streams, takes its time, speaks websocket; standard library only.

`mode.txt` beside it makes a release that crashes at start, never listens or is ill. ON_TERM says what SIGTERM does: `leave`
(finish what is in flight), `exit` (at once) or `ignore`.
"""

import asyncio
import base64
import hashlib
import os
import pathlib
import signal
import sys
import time

RELEASE = os.environ.get("SHIPWAY_RELEASE", "0")
NAMED = f"X-Release: {RELEASE}\r\nX-Deployment: {os.environ.get('SHIPWAY_DEPLOYMENT_ID', '')}\r\n"
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MODE_FILE = pathlib.Path(__file__).with_name("mode.txt")
MODE = MODE_FILE.read_text().strip() if MODE_FILE.exists() else ""
EVENTS = 20
busy: set[asyncio.Task[None]] = set()
#: Connections that have no request in flight: idle ones and websockets.
idle: set[asyncio.Task[None]] = set()
stopping = asyncio.Event()


async def read_request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", 0)))


def response(status: str, body: bytes) -> bytes:
    close = "Connection: close\r\n" if stopping.is_set() else ""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{NAMED}{close}\r\n".encode() + body


async def stream_events(writer: asyncio.StreamWriter) -> None:
    writer.write(
        f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n{NAMED}\r\n".encode()
    )
    for number in range(1, EVENTS + 1):
        event = f"id: {number}\ndata: release {RELEASE}\n\n".encode()
        writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)
    writer.write(b"0\r\n\r\n")


async def websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
    accept = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()
    upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\n{NAMED}"
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    idle.add(asyncio.current_task())
    while True:
        first, second = await reader.readexactly(2)
        mask, payload = await reader.readexactly(4), await reader.readexactly(second & 0x7F)
        text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        writer.write(bytes([first, len(text)]) + text)
        if first & 0x0F == 8:
            return


async def answer(method: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
    if path == "/events":
        await stream_events(writer)
        return
    if path.startswith("/slow/"):
        await asyncio.sleep(float(path.removeprefix("/slow/")))
    status = "500 Ill" if MODE == "ill" else "200 OK"
    writer.write(response(status, body if method == "POST" else f"release {RELEASE}\n".encode()))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not stopping.is_set():
        idle.add(asyncio.current_task())
        method, path, headers, body = await read_request(reader)
        idle.discard(asyncio.current_task())
        if "sec-websocket-key" in headers:
            await websocket(reader, writer, headers["sec-websocket-key"])
            return
        await answer(method, path, body, writer)
        await writer.drain()


async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    task = asyncio.current_task()
    busy.add(task)
    try:
        await serve(reader, writer)
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        pass
    finally:
        busy.discard(task)
        idle.discard(task)
        writer.close()


def obey_sigterm() -> None:
    acts = {"exit": lambda: os._exit(3), "ignore": lambda: None, "leave": stopping.set}
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, acts[os.environ.get("ON_TERM", "leave")])


async def main() -> None:
    obey_sigterm()
    server = await asyncio.start_server(connection, "0.0.0.0", int(os.environ["PORT"]), backlog=1024)
    print(f"release {RELEASE} listens", flush=True)
    await stopping.wait()
    server.close()
    for task in idle:
        task.cancel()
    await asyncio.wait(busy, timeout=25) if busy else None


if MODE == "crash":
    sys.exit("KeyError: 'DATABASE_URL'")
if MODE == "deaf":
    time.sleep(3600)
asyncio.run(main())
