"""Doors close when opening them ends early, and pass on that a connection broke."""

import asyncio
from dataclasses import dataclass

import pytest

from shipway.builders.sandbox import doors


@dataclass
class Opened:
    """A server, or one side of a connection."""

    closed: bool = False
    ended: bool = False

    def close(self) -> None:
        self.closed = True

    def write_eof(self) -> None:
        self.ended = True


async def test_a_cancellation_between_two_doors_leaves_none_open(monkeypatch: pytest.MonkeyPatch) -> None:
    first, at_the_second = Opened(), asyncio.Event()

    async def start_server(_passed: object, sock: int) -> Opened:
        if sock == 2:
            at_the_second.set()
            await asyncio.Event().wait()
        return first

    monkeypatch.setattr(doors, "_listen_inside", lambda _pid, port: port)
    monkeypatch.setattr(asyncio, "start_server", start_server)
    opening = asyncio.create_task(doors.open_doors(1, (1, 2)))
    await at_the_second.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert first.closed


async def test_a_connection_that_breaks_ends_for_the_other_side_too() -> None:
    broken, other = asyncio.StreamReader(), Opened()
    broken.set_exception(ConnectionResetError())
    await doors._copy(broken, other)  # type: ignore[arg-type]
    assert other.ended
