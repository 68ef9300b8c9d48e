"""What all calls are made with."""

from collections.abc import Iterator
from typing import Any, TypeVar

from shipway.client.events import Event, follow
from shipway.client.transport import Transport

T = TypeVar("T")

#: Seconds for what stops or sends a lot before it answers.
LONG = 900.0


class Asking:
    """Asks one server, and says what type the answer has."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _ask(self, _answer: type[T], method: str, path: str, **options: Any) -> T:
        """Do a request; what it is answered with is of that type by the API's own description."""
        answer: T = self._transport.send(method, path, **options)
        return answer

    def _follow(self, path: str, **options: Any) -> Iterator[Event]:
        return follow(lambda last: self._transport.stream(path, last_event_id=last, **options))
