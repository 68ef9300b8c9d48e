"""Sends back what it gets, over a websocket. On SIGTERM it says goodbye to each client, with code 1001."""

import asyncio
import os
import signal
from http import HTTPStatus

from websockets.asyncio.server import Request, Response, ServerConnection, serve


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(echo, "0.0.0.0", int(os.environ.get("PORT", "8080")), process_request=health):  # noqa: S104
        await stop.wait()


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def health(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(HTTPStatus.OK, "ok\n") if request.path == "/_health/" else None


asyncio.run(main())
