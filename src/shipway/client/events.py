"""Server-sent events that survive a lost connection: asked for again from where they broke off."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import httpx2

from shipway.client.errors import UNAVAILABLE, ClientError

#: Seconds without a connection after which to give up: longer than a restart of the server takes.
PATIENCE = 60.0
_PAUSE = 0.3
_FINAL = ("end", "error")

Open = Callable[[str], AbstractContextManager[httpx2.Response]]


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    name: str
    data: Any


def follow(open_stream: Open, *, patience: float = PATIENCE) -> Iterator[Event]:
    """The events of a stream up to its end. `open_stream` takes the id of the last event had.

    Raises `ClientError` when the server says that it can't go on, when it never answered at all, or when it has been
    gone for `patience` seconds.
    """
    last, give_up_at = "", 0.0
    while True:
        connected = False
        try:
            with open_stream(last) as response:
                connected = True
                for event in httpx2.EventSource(response, max_event_size=None):
                    if event.event in _FINAL:
                        break
                    last = event.id or last
                    yield Event(event.event, json.loads(event.data))
                else:
                    # Without a final event the stream was broken off, however politely.
                    raise _lost()
        except ClientError as error:
            if not error.temporary or not (connected or time.monotonic() < give_up_at):
                raise
        else:
            break
        give_up_at = time.monotonic() + patience if connected else give_up_at
        time.sleep(_PAUSE)
    if event.event == "error":
        raise ClientError.from_problem(json.loads(event.data))


def _lost() -> ClientError:
    return ClientError("The connection to the server was lost.", hint="Run the command again.", code=UNAVAILABLE)
