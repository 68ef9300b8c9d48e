"""One at a time, also between processes: two Shipways of one home may run for a moment while one replaces the other."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shipway.domain.errors import Unavailable

#: Seconds to wait for another process; longer than a reload takes.
PATIENCE = 30.0
PAUSE = 0.01


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Hold the lock on `path`, which is made when missing. Raises `Unavailable` when another holds it for too long."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        await _acquire(descriptor, path)
        yield
    finally:
        os.close(descriptor)


async def _acquire(descriptor: int, path: Path) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if clock() > deadline:
                raise Unavailable(
                    f"Another process has been changing the proxy for {PATIENCE:.0f} s.", hint=f"It holds {path}."
                ) from error
        await asyncio.sleep(PAUSE)
