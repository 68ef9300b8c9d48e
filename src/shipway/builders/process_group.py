"""A command in a process group of its own, so that all of it can be ended."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

#: Seconds that a command has to end by itself after SIGTERM.
GRACE = 0.7
_READ_SIZE = 65536


@asynccontextmanager
async def process_group(
    argv: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `argv` with exactly this environment, stdout and stderr in one pipe.

    However the block is left, also by cancellation, nothing of the group runs afterwards: SIGTERM, `GRACE` seconds,
    SIGKILL. Raises `OSError` when the command can't be started.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        await asyncio.shield(_end(process))


async def chunks(process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    """What the process writes, as it comes, until it and all that share its output have ended."""
    assert process.stdout is not None
    while data := await process.stdout.read(_READ_SIZE):
        yield data


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        await _drain(process, GRACE)
    # Also when the leader has ended by itself: whatever it left behind goes now.
    _signal(process, signal.SIGKILL)
    await _drain(process, GRACE)
    await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _drain(process: asyncio.subprocess.Process, seconds: float) -> None:
    """Read on, so that an ending process is not stuck in a write and its pipe gets closed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for _ in chunks(process):
                pass
            await process.wait()
