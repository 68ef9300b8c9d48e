"""Commands that somebody sits before, in memory: programs are coroutines that read and write a `FakeSession`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal

from shipway.domain.errors import Conflict
from shipway.domain.session import Output, Window
from shipway.domain.workload import Workload
from shipway.engines.fake_apps import Container

#: Pieces of output that fit between a program and whoever reads it.
_ROOM = 4
_NO_PROGRAM = 127


class FakeSession:
    """`Session`, and the other end of it, for the program."""

    def __init__(self, window: Window | None) -> None:
        self.window = window
        #: Set, and replaced, whenever the window or the output changes, and at the end.
        self._news = asyncio.Event()
        #: Set as soon as it has ended.
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._output: asyncio.Queue[Output] = asyncio.Queue(_ROOM)

    async def read(self) -> Output | None:
        """See `Session.read`."""
        while self._output.empty() and not self.ended.done():
            await self._news.wait()
        return None if self._output.empty() else self._output.get_nowait()

    async def write(self, data: bytes) -> None:
        """See `Session.write`."""
        self._input.put_nowait(data)

    async def end_input(self) -> None:
        """See `Session.end_input`."""
        self._input.put_nowait(b"")

    async def resize(self, window: Window) -> None:
        """See `Session.resize`."""
        self.window = window if self.window else None
        self._wake()

    async def exit_code(self) -> int:
        """See `Session.exit_code`."""
        return await asyncio.shield(self.ended)

    async def input(self) -> bytes:
        """For the program: some input; empty at its end."""
        return await self._input.get()

    async def say(self, data: bytes, stream: Literal["stdout", "stderr"] = "stdout") -> None:
        """For the program: write, which takes until there is room."""
        await self._output.put(Output("stdout" if self.window else stream, data))
        self._wake()

    async def other_window(self, than: Window) -> Window:
        """For the program: wait until the window is another."""
        while self.window is None or self.window == than:
            await self._news.wait()
        return self.window

    def end(self, code: int) -> None:
        """It has ended."""
        if not self.ended.done():
            self.ended.set_result(code)
            self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


#: Returns its exit code.
Program = Callable[[FakeSession], Awaitable[int]]


class FakeSessions:
    """`Attaches` and `Executes`, for the fake engine."""

    _containers: dict[str, Container]

    def __init__(self) -> None:
        super().__init__()
        #: What there is in every image, by its words.
        self.programs: dict[tuple[str, ...], Program] = {}

    @asynccontextmanager
    async def attach(self, workload: Workload, window: Window | None) -> AsyncIterator[FakeSession]:
        """See `Attaches.attach`."""
        async with self._effect("attach"):
            if workload.name in self._containers:
                raise Conflict(f"{workload.name} has been started before.", hint="Run the command once more.")
            container = self._ensure(workload, one_off=True)
        session = FakeSession(window)
        running = asyncio.create_task(self._run(session, workload.command or ()))
        session.ended.add_done_callback(lambda ended: container.exit(ended.result()))
        watching = asyncio.create_task(_until_stopped(container, session, running))
        try:
            yield session
        finally:
            await session.end_input()
            if session.ended.done():
                watching.cancel()

    @asynccontextmanager
    async def enter(self, name: str, command: Sequence[str], window: Window | None) -> AsyncIterator[FakeSession]:
        """See `Executes.enter`."""
        async with self._effect("enter"):
            container = self._containers.get(name)
            if container is None or container.state != "running":
                raise Conflict("The instance does not run.", hint="Set its behaviour.")
        session = FakeSession(window)
        container.executing += 1
        running = asyncio.create_task(self._run(session, tuple(command)))
        watching = asyncio.create_task(_until_stopped(container, session, running))
        try:
            yield session
        finally:
            container.executing -= 1
            for task in (watching, running):
                task.cancel()
            await asyncio.gather(running, watching, return_exceptions=True)

    async def _run(self, session: FakeSession, command: tuple[str, ...]) -> None:
        program = self.programs.get(command)
        if program is None:
            await session.say(f"{command[0]}: not found\n".encode(), "stderr")
        session.end(await program(session) if program else _NO_PROGRAM)

    def _effect(self, verb: str) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError

    def _ensure(self, workload: Workload, *, one_off: bool) -> Container:
        raise NotImplementedError


async def _until_stopped(container: Container, session: FakeSession, running: asyncio.Task[None]) -> None:
    """The program ends with its container."""
    while container.state == "running":
        await container.news.wait()
    running.cancel()
    session.end(container.exit_code or 0)
