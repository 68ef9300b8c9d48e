"""A conversation with HAProxy over one of its two Unix sockets."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shipway.domain.errors import Unavailable
from shipway.routers.haproxy.plan import Command

#: Socket of the process that serves requests.
ADMIN = "admin.sock"
#: Socket of the master, which starts, reloads and stops that process, and reaches former ones that are leaving.
MASTER = "master.sock"
#: Seconds in which an answer must come.
PATIENCE = 5.0
#: Seconds between two tries of a command that was refused.
PAUSE = 0.002
#: Longest answer that is read, in bytes: some sixty thousand servers.
LONGEST = 16 * 1024 * 1024


class Session:
    """An open conversation: one command, one answer, in turn. Raises `Unavailable` when no answer comes."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prompt: bytes, address: str = ""
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._prompt = prompt
        self._address = address

    def to(self, pid: int) -> "Session":
        """The same conversation, speaking through the master to one of its processes."""
        return Session(self._reader, self._writer, self._prompt, f"@!{pid} ")

    async def ask(self, text: str) -> str:
        """Send one command and return what came back, stripped."""
        async with _answering():
            self._writer.write(f"{self._address}{text}\n".encode())
            answer = await self._reader.readuntil(self._prompt)
        return answer.removesuffix(self._prompt).decode().strip()

    async def ask_last(self, text: str) -> None:
        """Send a command that ends the conversation, and wait for its end."""
        async with _answering():
            self._writer.write(f"{text}\n".encode())
            await self._reader.read()

    async def run(self, command: Command) -> None:
        """Run one command of a plan. Raises `Unavailable` when the proxy refuses it for longer than its patience."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + command.patience
        while (answer := await self.ask(command.text)) != command.done:
            if clock() < deadline:
                await asyncio.sleep(PAUSE)
            elif command.optional:
                return
            else:
                raise Unavailable(f"The proxy refused {command.text!r}: {answer or 'no reason given'}.")


@asynccontextmanager
async def session(directory: Path, socket: str) -> AsyncIterator[Session]:
    """A conversation over `socket` in `directory`, in the mode where each answer ends with a prompt."""
    reader, writer = await _connect(directory, socket)
    try:
        async with _answering():
            writer.write(b"prompt\n")
            prompt = await reader.readuntil(b"> ")
        yield Session(reader, writer, prompt)
    finally:
        writer.close()


async def _connect(directory: Path, socket: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect by way of the directory's descriptor: a socket's path may have 107 characters only."""
    async with _answering():
        descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        try:
            return await asyncio.open_unix_connection(f"/proc/self/fd/{descriptor}/{socket}", limit=LONGEST)
        finally:
            os.close(descriptor)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Unavailable(
            f"The proxy does not answer on its socket ({type(error).__name__}).",
            hint="It keeps serving if it runs. `shipway up` starts it when it does not.",
        ) from error
