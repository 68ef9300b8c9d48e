"""Commands inside running containers, as `docker exec` runs them: begun, read, and ended in time."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiodocker import DockerError
from aiodocker.containers import DockerContainer
from aiodocker.execs import Exec
from aiodocker.stream import Stream

from shipway.domain.workload import MOST_OUTPUT, Executed
from shipway.engines.docker.cancellation import to_its_end
from shipway.engines.docker.sessions import kill_session

#: Not there; not running, or paused.
_NOT_RUNNING = (404, 409)
#: Bytes that are read of one command: what writes more is held up by its full pipe until its time is over.
_MOST_READ = 1024 * 1024
#: Seconds until Docker is asked again about a command whose output has ended, and about one whose output has not.
_SOON, _LOOK = 0.01, 1.0
#: Seconds that a killed command has to be gone.
_LAST = 2.0
#: Docker's own words in the command's place, and those that mean there is no such program; it gives 126 for all of them.
_DOCKERS_WORDS = re.compile(r"^OCI runtime exec failed: (?:.*?process: )?|: unknown\s*$")
_NO_PROGRAM = re.compile("executable file not found|no such file or directory")
_STILL_RUNS = "The run before still goes on, and Shipway has no right to end it."


class Commands:
    """What is run inside containers; of those that can't be ended, one at a time in each."""

    def __init__(self) -> None:
        #: Those that were to end and did not, with their container.
        self._stuck: dict[Exec, str] = {}

    async def execute(self, container: DockerContainer, command: Sequence[str], timeout: float) -> Executed | None:
        """See `Engine.execute`."""
        try:
            if await self._is_stuck(container.id):
                return Executed(None, _STILL_RUNS)
            return await self._attended(container.id, await container.exec(command), timeout)
        except DockerError as error:
            if error.status not in _NOT_RUNNING:
                raise
            return None

    async def _attended(self, container: str, run: Exec, timeout: float) -> Executed | None:
        tail, over = _Tail(), False
        try:
            async with asyncio.timeout(timeout):
                seen = await _ended(run, tail)
            over = tail.complete
            return _executed(seen, tail.text)
        except TimeoutError:
            return Executed(None, tail.text)
        finally:
            if not over:
                # It runs, or what it has started and left behind does.
                await to_its_end(self.end(container, run))

    async def end(self, container: str, run: Exec) -> None:
        """Kill it with all that it has started. Docker has no call for that; what can't be ended is remembered."""
        self._stuck[run] = container
        with suppress(DockerError, TimeoutError):
            async with asyncio.timeout(_LAST):
                while seen := await _inspected(run):
                    await asyncio.to_thread(kill_session, seen["Pid"], seen["ContainerID"])
                    if not seen["Running"]:
                        break
                    await asyncio.sleep(_SOON)
            del self._stuck[run]

    async def _is_stuck(self, container: str) -> bool:
        for run in [run for run, where in self._stuck.items() if where == container]:
            if (seen := await _inspected(run)) and seen["Running"]:
                return True
            self._stuck.pop(run, None)
        return False


class _Tail:
    """The end of what a command writes."""

    def __init__(self) -> None:
        #: Whether it was read to its end.
        self.complete = False
        self._kept = b""
        self._cut = False

    async def read(self, stream: Stream) -> None:
        """Read all of it, within reason."""
        size = 0
        while size < _MOST_READ:
            message = await stream.read_out()
            if message is None:
                self.complete = True
                return
            size += len(message.data)
            written = self._kept + message.data
            self._cut = self._cut or len(written) > MOST_OUTPUT
            self._kept = written[-MOST_OUTPUT:]

    @property
    def text(self) -> str:
        """Its whole lines: half of one may be half of a secret, which nobody would know for one."""
        kept = self._kept.partition(b"\n")[2] if self._cut else self._kept
        return kept.decode(errors="ignore").replace("\r\n", "\n")


async def _ended(run: Exec, tail: _Tail) -> dict[str, Any]:
    """What Docker says of it once it has ended, also when something that it started holds its output open."""
    async with run.start() as stream:
        reading, pause = asyncio.ensure_future(tail.read(stream)), _SOON
        try:
            while True:
                await asyncio.wait((reading,), timeout=_LOOK)
                seen = await run.inspect()
                if seen["ExitCode"] is not None and not seen["Running"]:
                    return seen
                if reading.done():
                    # The end of the output comes a moment before the end of the command, and is no proof of it.
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LOOK)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def exited(run: Exec) -> dict[str, Any] | None:
    """What Docker says of it once it has ended; `None` when its container has gone."""
    pause = _SOON
    while seen := await _inspected(run):
        if seen["ExitCode"] is not None and not seen["Running"]:
            return seen
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LOOK)
    return None


async def _inspected(run: Exec) -> dict[str, Any] | None:
    """What Docker says of it; `None` when its container has ended or is gone, and it with that."""
    try:
        return await run.inspect()
    except DockerError as error:
        if error.status != 404:
            raise
        return None


def _executed(seen: dict[str, Any], output: str) -> Executed:
    if seen["Pid"]:
        return Executed(seen["ExitCode"], output)
    return Executed(code_of_none(output), _DOCKERS_WORDS.sub("", output))


def code_of_none(words: str) -> int:
    """The exit code, as shells have it, of what Docker could not start, by what it said in its place."""
    return 127 if _NO_PROGRAM.search(words) else 126
