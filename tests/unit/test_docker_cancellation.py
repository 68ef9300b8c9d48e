"""Effects that are let end when their caller is cancelled."""

import asyncio

import pytest

from shipway.engines.docker.cancellation import to_its_end


async def test_what_the_effect_returns_is_returned() -> None:
    async def effect() -> int:
        return 7

    assert await to_its_end(effect()) == 7


async def test_a_cancelled_caller_waits_for_the_effect_and_is_cancelled_then() -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def effect() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    caller = asyncio.create_task(to_its_end(effect()))
    await begun.wait()
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done.is_set()


async def test_an_effect_that_fails_fails_its_caller() -> None:
    async def effect() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await to_its_end(effect())


async def test_a_cancelled_caller_does_not_care_how_the_effect_ends() -> None:
    begun = asyncio.Event()

    async def effect() -> None:
        begun.set()
        await asyncio.sleep(0)
        raise ValueError("no")

    caller = asyncio.create_task(to_its_end(effect()))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
