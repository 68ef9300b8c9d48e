"""Server-sent events: how a stream ends."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi.sse import ServerSentEvent

from shipway.api.errors import answer
from shipway.api.incidents import record
from shipway.domain.errors import ShipwayError


async def told(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[ServerSentEvent]:
    """The events, then `end`; or `error` with the problem, since the status line is long gone by then.

    A client that sees neither has lost its connection, and asks again with Last-Event-ID.
    """
    try:
        async with aclosing(events):  # type: ignore[type-var]
            async for event in events:
                yield event
    except ShipwayError as error:
        yield ServerSentEvent(event="error", raw_data=bytes(answer(error).body).decode())
    except Exception as error:
        yield _broken(record(error))
    else:
        yield ServerSentEvent(event="end", data={})


def _broken(incident: str) -> ServerSentEvent:
    data: dict[str, Any] = {"code": "internal", "detail": f"Shipway itself failed here ({incident}).", "status": 500}
    return ServerSentEvent(
        event="error", data=data | {"hint": "This is a bug of ours; the server's log has the details."}
    )
