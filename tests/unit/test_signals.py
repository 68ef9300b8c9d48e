"""News wakes whoever waits, and a cancellation always gets through."""

import asyncio

from shipway.store.signals import Signals


async def test_news_between_two_waits_is_not_missed() -> None:
    signals = Signals()
    with signals.subscribe("a") as news:
        signals.notify("a")
        assert await news.wait(1) is True
        assert await news.wait(0.001) is False


async def test_a_cancellation_that_comes_with_the_news_is_not_swallowed() -> None:
    signals = Signals()

    async def listen_for_ever() -> None:
        with signals.subscribe("a") as news:
            while True:
                await news.wait(60)

    listener = asyncio.create_task(listen_for_ever())
    await asyncio.sleep(0)
    signals.notify("a")
    await asyncio.sleep(0)
    listener.cancel()
    done, _ = await asyncio.wait((listener,), timeout=1)
    assert done == {listener}
    assert listener.cancelled()
