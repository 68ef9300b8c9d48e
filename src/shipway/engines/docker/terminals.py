"""One-offs and commands inside containers that somebody sits before: Docker's attached streams as sessions."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from aiodocker import DockerError
from aiodocker.containers import DockerContainer
from aiodocker.execs import Exec
from aiodocker.stream import Stream

from shipway.domain.errors import Conflict
from shipway.domain.session import Output, Window
from shipway.domain.workload import Workload
from shipway.engines.docker.cancellation import to_its_end
from shipway.engines.docker.commands import Commands, code_of_none, exited
from shipway.engines.docker.connection import translated
from shipway.engines.docker.containers import Containers
from shipway.engines.sessions import Session

_STDERR = 2
_GONE = 404
#: Not there; not running, or paused; already over.
_NOT_RUNNING = (_GONE, 409)
#: Exit code of what went with its container.
_KILLED = 137


class _Streams(ABC):
    """Input and output over Docker's connection."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._last = b""

    async def read(self) -> Output | None:
        """See `Session.read`."""
        with translated():
            message = await self._stream.read_out()
        if message is None:
            return None
        self._last = message.data
        return Output("stderr" if message.stream == _STDERR else "stdout", message.data)

    async def write(self, data: bytes) -> None:
        """See `Session.write`."""
        if self._transport() is not None:
            # What has ended has closed its side, perhaps just now.
            with suppress(ConnectionError):
                await self._stream.write_in(data)

    async def end_input(self) -> None:
        """See `Session.end_input`. The library closes both sides or none: so its transport is asked."""
        transport = self._transport()
        if transport is not None and transport.can_write_eof():
            transport.write_eof()

    async def resize(self, window: Window) -> None:
        """See `Session.resize`."""
        with translated(), suppress(DockerError):
            await self._resize(window)

    @abstractmethod
    async def _resize(self, window: Window) -> None: ...

    def _transport(self) -> asyncio.WriteTransport | None:
        """`None` when Docker has closed the connection."""
        connection = self._stream._resp.connection if self._stream._resp else None
        transport = connection.transport if connection else None
        return None if transport is None or transport.is_closing() else transport


class _OneOff(_Streams):
    """A container of its own."""

    def __init__(self, stream: Stream, container: DockerContainer) -> None:
        super().__init__(stream)
        self._container = container

    async def exit_code(self) -> int:
        """See `Session.exit_code`."""
        with translated():
            try:
                return int((await self._container.wait())["StatusCode"])
            except DockerError as error:
                if error.status != _GONE:
                    raise
                return _KILLED

    async def _resize(self, window: Window) -> None:
        await self._container.resize(h=window.rows, w=window.columns)


class _Command(_Streams):
    """A command inside a container."""

    def __init__(self, stream: Stream, run: Exec) -> None:
        super().__init__(stream)
        self._run = run
        #: Whether it and its output are known to have ended.
        self.over = False

    async def exit_code(self) -> int:
        """See `Session.exit_code`."""
        with translated():
            seen = await exited(self._run)
        self.over = True
        if seen is None:
            return _KILLED
        return int(seen["ExitCode"]) if seen["Pid"] else code_of_none(self._last.decode(errors="replace"))

    async def _resize(self, window: Window) -> None:
        await self._run.resize(h=window.rows, w=window.columns)


@asynccontextmanager
async def attach(containers: Containers, workload: Workload, window: Window | None) -> AsyncIterator[Session]:
    """See `Attaches.attach`. The stream is open before the container starts, so that nothing is missed."""
    async with AsyncExitStack() as open_streams:
        streams: list[Stream] = []

        async def listen(container: DockerContainer) -> None:
            stream = container.attach(stdin=True, stdout=True, stderr=True)
            open_streams.push_async_callback(stream.close)
            await stream.__aenter__()
            streams.append(stream)

        with translated():
            await containers.ensure(workload, one_off=True, before=listen)
        if not streams:
            raise Conflict(f"{workload.name} has been started before.", hint="Run the command once more.")
        session = _OneOff(streams[-1], containers.named(workload.name))
        if window:
            await session.resize(window)
        yield session


@asynccontextmanager
async def enter(
    container: DockerContainer, commands: Commands, command: Sequence[str], window: Window | None
) -> AsyncIterator[Session]:
    """See `Executes.enter`."""
    async with AsyncExitStack() as left_behind:
        with translated():
            run = await _prepared(container, command, terminal=window is not None)
            stream = run.start()
            left_behind.push_async_callback(stream.close)
            await stream.__aenter__()
        session = _Command(stream, run)
        try:
            if window:
                await session.resize(window)
            yield session
        finally:
            if not session.over:
                # Docker ends nothing when its caller hangs up.
                await to_its_end(commands.end(container.id, run))


async def _prepared(container: DockerContainer, command: Sequence[str], *, terminal: bool) -> Exec:
    try:
        return await container.exec(command, stdin=True, tty=terminal)
    except DockerError as error:
        if error.status not in _NOT_RUNNING:
            raise
        raise Conflict("The instance does not run.", hint="`shipway status` shows which do.") from error
