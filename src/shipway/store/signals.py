"""Who waits for news of something, in this process. News carries nothing: whoever is woken reads the store again."""

import asyncio
from collections import defaultdict


class Signals:
    """Wake-ups by topic, such as a deployment's id."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def notify(self, topic: str) -> None:
        """Wake everybody who waits for `topic`. Cheap when nobody does."""
        for event in self._waiting.get(topic, ()):
            event.set()

    def subscribe(self, topic: str) -> "Subscription":
        """Begin to listen: news from now on is not missed, however late `wait` is called."""
        return Subscription(self, topic)


class Subscription:
    """One listener of one topic; use it as a context manager."""

    def __init__(self, signals: Signals, topic: str) -> None:
        self._waiting = signals._waiting
        self._topic = topic
        self._event = asyncio.Event()

    def __enter__(self) -> "Subscription":
        self._waiting[self._topic].add(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting[self._topic].discard(self._event)
        if not self._waiting[self._topic]:
            del self._waiting[self._topic]

    async def wait(self, timeout: float) -> bool:
        """Return True at the next news since the last call, False after `timeout` seconds without any."""
        try:
            # Not `wait_for`: in Python 3.11 that swallows a cancellation that comes together with the news.
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
