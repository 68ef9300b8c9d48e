"""Server-sent events: a stream that ends when its events do, when the reader is gone, or when the server closes."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shipway.domain.errors import ShipwayError
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform

#: Seconds between two signs of life: shorter than the patience of proxies in between.
_HEARTBEAT = 15.0
_HOUR = 3600.0
#: Milliseconds after which a reader that was cut off comes back.
_RETRY = b"retry: 1000\n\n"


def event(name: str, data: Any, *, have: str = "") -> bytes:
    """One event as it is sent. `have` is what a reader that lost the connection says it has (`Last-Event-ID`)."""
    head = f"id: {have}\n" if have else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


class EventStream(Response):
    """An answer of events as they happen. A reader that was cut off comes back by itself."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], platform: Platform) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events, self._platform = events, platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until one of the three ends comes."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            await _first(_pump(self._events, send), _beat(send), _until_gone(receive), _until_closing(self._platform))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _first(*endings: Any) -> None:
    """Run all until one ends, end the others, and raise what that one raised."""
    tasks = [asyncio.create_task(ending) for ending in endings]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(events: AsyncGenerator[bytes, None], send: Send) -> None:
    # Its access was checked before; what fails later (deleted, database away) is told when the reader comes back.
    with suppress(ShipwayError):
        async with aclosing(events):
            await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
            async for each in events:
                await send({"type": "http.response.body", "body": each, "more_body": True})


async def _beat(send: Send) -> None:
    while True:
        await asyncio.sleep(_HEARTBEAT)
        await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _until_closing(platform: Platform) -> None:
    with platform.signals.subscribe(topics.CLOSING) as news:
        while not await news.wait(_HOUR):
            pass
