"""Waiting for something outside that tells nobody when it happens."""

import asyncio
from collections.abc import Awaitable, Callable

PAUSE = 0.01


async def until(happened: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Ask again and again, for `seconds` at most; return whether it happened."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    while not await happened():
        if clock() > deadline:
            return False
        await asyncio.sleep(PAUSE)
    return True
