"""The two ends of a websocket that a terminal is connected by (docs/reference/running-commands.md has the frames).

A binary frame is one byte of channel and then data: 0 is the command's input, 1 and 2 are its output. A text frame is JSON with
a `type`. Each side sends at most `ROOM` bytes that the other has not said to have read: so what nobody reads holds up whoever
writes it, and no side ever keeps more than that.
"""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any, Literal

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shipway.domain.one_off import OneOff
from shipway.domain.session import Window
from shipway.engines.sessions import Session
from shipway.pipeline.attending import ClientGone

#: Bytes that may be under way in each direction.
ROOM = 256 * 1024
_INPUT, _STDOUT, _STDERR = b"\0", b"\1", b"\2"
_CHANNELS = {"stdout": _STDOUT, "stderr": _STDERR}
#: The largest window that engines take.
_MOST = 65_535
#: Close code: the client does not keep to the protocol.
_POLICY = 1008


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Resize(_Frame):
    """The user's terminal has another size."""

    type: Literal["resize"]
    rows: int = Field(ge=1, le=_MOST)
    columns: int = Field(ge=1, le=_MOST)


class EndOfInput(_Frame):
    """There is no more input."""

    type: Literal["end-of-input"]


class Read(_Frame):
    """So many bytes more were read."""

    type: Literal["read"]
    bytes: int = Field(ge=1, le=ROOM)


_FRAMES: TypeAdapter[Resize | EndOfInput | Read] = TypeAdapter(
    Annotated[Resize | EndOfInput | Read, Field(discriminator="type")]
)


class Conversation:
    """Between one websocket and the command that its client sits before."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._given: asyncio.Queue[bytes] = asyncio.Queue()
        #: Bytes of input that the session has not taken yet, and of output that the client has not read yet.
        self._waiting = 0
        self._unread = 0
        self._room = asyncio.Event()

    async def __call__(self, session: Session) -> None:
        """Pass on what either side says until all output is told. Raises `ClientGone`."""
        telling = asyncio.ensure_future(self._tell(session))
        pending = {telling, *map(asyncio.ensure_future, (self._listen(session), self._type(session)))}
        everything = tuple(pending)
        try:
            while not telling.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)

    async def end(self, run: OneOff) -> None:
        """Tell how it ended, and close."""
        told = {"type": "ended", "state": run.state, "exit_code": run.exit_code, "reason": run.reason}
        with suppress(ClientGone):
            await self._send(self._websocket.send_text(json.dumps(told)))
            await self._send(self._websocket.close())

    async def _tell(self, session: Session) -> None:
        while output := await session.read():
            while self._unread >= ROOM:
                self._room.clear()
                await self._room.wait()
            self._unread += len(output.data)
            await self._send(self._websocket.send_bytes(_CHANNELS[output.stream] + output.data))

    async def _listen(self, session: Session) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise ClientGone
            if (data := message.get("bytes")) is not None:
                await self._take(data)
            else:
                await self._obey(message.get("text") or "", session)

    async def _take(self, data: bytes) -> None:
        self._waiting += len(data) - 1
        if data[:1] != _INPUT or self._waiting > ROOM:
            await self._hang_up(f"Input is channel 0, and at most {ROOM} bytes of it may be under way.")
        if data[1:]:
            self._given.put_nowait(data[1:])

    async def _obey(self, text: str, session: Session) -> None:
        try:
            frame = _FRAMES.validate_json(text)
        except ValidationError:
            await self._hang_up("That is no frame of this protocol.")
        match frame:
            case Resize():
                await session.resize(Window(frame.rows, frame.columns))
            case EndOfInput():
                self._given.put_nowait(b"")
            case Read():
                self._unread = max(0, self._unread - frame.bytes)
                self._room.set()

    async def _type(self, session: Session) -> None:
        while data := await self._given.get():
            await session.write(data)
            self._waiting -= len(data)
            await self._send(self._websocket.send_text(json.dumps({"type": "read", "bytes": len(data)})))
        await session.end_input()

    async def _hang_up(self, why: str) -> None:
        await self._send(self._websocket.close(_POLICY, why))
        raise ClientGone

    async def _send(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await sending
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise ClientGone from error
