"""The client's end of a websocket that a terminal is connected by; `docs/reference/running-commands.md` has the frames."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from websockets.exceptions import ConnectionClosed

from shipway.client.errors import ClientError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from shipway.client.models import RunEnded

Stream = Literal["stdout", "stderr"]

#: Bytes that may be under way in each direction.
ROOM = 256 * 1024
_INPUT = b"\0"
_STREAMS: dict[int, Stream] = {1: "stdout", 2: "stderr"}


class Attached:
    """A run that somebody sits before. One thread reads its `output`; input and the window's size may come from another."""

    def __init__(self, socket: "ClientConnection") -> None:
        self._socket = socket
        self._changed = threading.Condition()
        #: Bytes of input that the command has not taken yet.
        self._waiting = 0
        self._closed = False
        #: How it ended, once `output` is through.
        self.ended: RunEnded | None = None

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """What it writes, to its end. What was not asked for next is not read: whoever prints slowly slows it down.

        Raises `ClientError` when the connection is lost."""
        while self.ended is None:
            frame = self._received()
            if isinstance(frame, str):
                self._obey(json.loads(frame))
            elif frame[1:]:
                yield _STREAMS.get(frame[0], "stdout"), frame[1:]
                self._tell({"type": "read", "bytes": len(frame) - 1})

    def write(self, data: bytes) -> None:
        """Give it input; waits until there is room. After its end nothing happens."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting + len(data) <= ROOM)
            self._waiting += len(data)
        self._send(_INPUT + data)

    def end_input(self) -> None:
        """There is no more."""
        self._tell({"type": "end-of-input"})

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has another size."""
        self._tell({"type": "resize", "rows": rows, "columns": columns})

    def close(self) -> None:
        """Hang up: what has not ended by itself is ended."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._socket.close()

    def _received(self) -> str | bytes:
        try:
            return self._socket.recv()
        except ConnectionClosed as error:
            raise ClientError(
                "The connection to the server was lost, and with it the command, which is ended.",
                hint="See what has become of it: `shipway runs`.",
                code="connection-lost",
            ) from error

    def _obey(self, frame: Mapping[str, Any]) -> None:
        if frame["type"] == "ended":
            self.ended = {"state": frame["state"], "exit_code": frame["exit_code"], "reason": frame["reason"]}
        elif frame["type"] == "read":
            with self._changed:
                self._waiting -= frame["bytes"]
                self._changed.notify_all()

    def _tell(self, frame: Mapping[str, Any]) -> None:
        self._send(json.dumps(frame))

    def _send(self, frame: str | bytes) -> None:
        # Who reads hears of it, with all that was said before.
        with suppress(ConnectionClosed):
            self._socket.send(frame)
