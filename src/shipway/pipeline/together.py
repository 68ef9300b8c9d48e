"""Several things at once, and none left behind."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]], *, at_once: int = 0) -> list[T]:
    """Await all, at most `at_once` at the same time unless that is 0, and return their results in order. When one fails, or
    the caller is cancelled, the others are cancelled and have ended before this raises: unlike `gather`, nothing goes on
    behind the caller's back."""
    coroutines = list(work)
    turns = asyncio.Semaphore(at_once) if at_once else nullcontext()
    tasks = [asyncio.ensure_future(_in_turn(each, turns)) for each in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in coroutines:
            each.close()  # Those that never had their turn would be missed otherwise.


async def _in_turn(each: Coroutine[Any, Any, T], turns: AbstractAsyncContextManager[object]) -> T:
    async with turns:
        return await each
