"""What cancelling a task must not tear apart."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(effect: Coroutine[Any, Any, T]) -> T:
    """Await `effect`; when cancelled meanwhile, let it end first.

    Docker goes on with a request whose caller has hung up. Whoever cancels and then cleans up would clean up too early.
    """
    task = asyncio.ensure_future(effect)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
