"""Our own bugs: the traceback goes to the log, an id of it to the user."""

import traceback
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shipway.api.problem import problem
from shipway.domain.ids import new_id


def record(error: BaseException) -> str:
    """Write an unexpected error to Shipway's log and return the id it has there."""
    incident = new_id("bug")
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    print(f"{stamp} {incident}\n{''.join(traceback.format_exception(error))}", flush=True)
    return incident


class Incidents:
    """Middleware: answers 500 with an incident's id to whatever nobody else handled."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            incident = record(error)
            if begun:
                raise  # Half an answer is out: breaking it off tells the client more than anything appended to it.
            response = problem(
                500,
                f"Shipway itself failed here ({incident}).",
                code="internal",
                hint="This is a bug of ours, not of your request. The server's log has the details under that id.",
            )
            await response(scope, receive, send)
