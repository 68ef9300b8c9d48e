"""What every engine promises whoever sits before a command, on the fake one and on the real Docker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from tests.support.engines import PATIENCE, FakeLab, Lab

from shipway.domain.errors import Conflict
from shipway.domain.session import Window
from shipway.engines.fake_sessions import FakeSession
from shipway.engines.sessions import Attaches, Executes, Session

SMALL, LARGE = Window(10, 40), Window(33, 111)


def sh(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


async def speaks(it: FakeSession) -> int:
    await it.say(b"well\n")
    await it.say(b"bad\n", "stderr")
    return 7


async def copies(it: FakeSession) -> int:
    while data := await it.input():
        await it.say(data)
    return 0


async def tells_its_size(it: FakeSession) -> int:
    window = await it.other_window(SMALL)
    await it.say(f"{window.rows} {window.columns}\r\n".encode())
    return 0


async def never_ends(it: FakeSession) -> int:
    await it.say(b"there\n")
    await asyncio.Event().wait()
    return 0


async def writes_on_and_on(it: FakeSession) -> int:
    while True:
        await it.say(b"y\n" * 1000)


SPEAKS, COPIES = sh("echo well; echo bad >&2; exit 7"), ("cat",)
#: The last word is said once it is as large as it will be.
SIZE = sh('until [ "$(stty size 2>/dev/null)" = "33 111" ]; do sleep 0.05; done; stty size')
HANGS = sh("echo there; sleep 3600; true")
YES = ("yes",)
PROGRAMS = {
    SPEAKS: speaks,
    COPIES: copies,
    SIZE: tells_its_size,
    HANGS: never_ends,
    YES: writes_on_and_on,
}


class Attached:
    """A one-off of its own."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def __call__(self, command: tuple[str, ...], window: Window | None = None) -> AbstractAsyncContextManager[Session]:
        assert isinstance(self.lab.engine, Attaches)
        workload = self.lab.workload("app.run.1", command=command, attached=True, terminal=window is not None)
        return self.lab.engine.attach(workload, window)


class Inside:
    """Beside an instance's app."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    @asynccontextmanager
    async def __call__(self, command: tuple[str, ...], window: Window | None = None) -> AsyncIterator[Session]:
        assert isinstance(self.lab.engine, Executes)
        await self.lab.engine.start(self.lab.workload())
        async with self.lab.engine.enter("app.web.1", command, window) as session:
            yield session


@pytest.fixture
def equipped(lab: Lab) -> Lab:
    if isinstance(lab, FakeLab):
        lab.engine.programs |= PROGRAMS
    return lab


@pytest.fixture(params=[Attached, Inside])
def begin(request: pytest.FixtureRequest, equipped: Lab) -> Any:
    return request.param(equipped)


async def all_of(session: Session) -> dict[str, bytes]:
    """What it writes to its end, by stream."""
    said: dict[str, bytes] = {"stdout": b"", "stderr": b""}
    async with asyncio.timeout(PATIENCE):
        while output := await session.read():
            said[output.stream] += output.data
    return said


async def until_it_speaks(session: Session) -> None:
    async with asyncio.timeout(PATIENCE):
        assert await session.read()


async def test_both_its_streams_arrive_whole_and_its_exit_code(begin: Any) -> None:
    async with begin(SPEAKS) as session:
        assert await all_of(session) == {"stdout": b"well\n", "stderr": b"bad\n"}
        assert await session.exit_code() == 7


async def test_its_input_reaches_it_as_it_is_and_so_does_its_end(begin: Any) -> None:
    data = bytes(range(256)) * 40
    async with begin(COPIES) as session:
        await session.write(data)
        await session.end_input()
        assert (await all_of(session))["stdout"] == data
        assert await session.exit_code() == 0


async def test_its_terminal_has_the_size_of_the_users(begin: Any) -> None:
    async with begin(SIZE, SMALL) as session:
        await session.resize(LARGE)
        assert await all_of(session) == {"stdout": b"33 111\r\n", "stderr": b""}
        assert await session.exit_code() == 0
        await session.resize(SMALL)


async def test_without_a_program_of_that_name_it_ends_as_shells_tell_it(begin: Any) -> None:
    async with begin(("no-such-program",)) as session:
        said = await all_of(session)
        assert said["stdout"] or said["stderr"]
        assert await session.exit_code() == 127


async def test_what_nobody_reads_holds_it_up(begin: Any) -> None:
    async with begin(YES) as session:
        await until_it_speaks(session)
        await session.write(b"nobody reads this")


async def test_one_beside_an_app_ends_when_it_is_left(equipped: Lab) -> None:
    async with Inside(equipped)(HANGS) as session:
        await until_it_speaks(session)
        assert await equipped.executing("app.web.1")
    async with asyncio.timeout(PATIENCE):
        while await equipped.executing("app.web.1"):
            await asyncio.sleep(0.02)


async def test_where_no_instance_runs_there_is_nothing_to_enter(equipped: Lab) -> None:
    assert isinstance(equipped.engine, Executes)
    with pytest.raises(Conflict):
        async with equipped.engine.enter("app.web.1", COPIES, None):
            pass


async def test_one_of_its_own_is_no_instance_and_goes_on_until_it_is_stopped(equipped: Lab) -> None:
    engine = equipped.engine
    assert isinstance(engine, Attaches)
    async with Attached(equipped)(HANGS) as session:
        await until_it_speaks(session)
    assert await engine.instances() == []
    [seen] = await engine.one_offs()
    assert (seen.name, seen.state, seen.owner.service) == ("app.run.1", "running", "svc_1")
    assert await engine.one_offs(service="svc_2") == []
    with pytest.raises(Conflict):
        async with Attached(equipped)(HANGS):
            pass
    await engine.stop("app.run.1", 0)
    assert await engine.one_offs() == []


async def test_one_that_is_stopped_while_somebody_sits_before_it_tells_of_its_end(equipped: Lab) -> None:
    async with Attached(equipped)(HANGS) as session:
        await until_it_speaks(session)
        await equipped.engine.stop("app.run.1", 0)
        await all_of(session)
        assert await session.exit_code() in (137, 143)
