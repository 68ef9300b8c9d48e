"""Load on a real Shipway, beside a test that waits for other things."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from bench.load import Load, Tally
from tests.support.real import RealShipway


@contextlib.contextmanager
def load_of(shipway: RealShipway, host: str) -> Iterator[Tally]:
    """Clients at the app behind `host` until the end, and what they were answered."""
    tally, done = Tally(), threading.Event()

    async def load() -> None:
        async with Load(shipway.proxy_port, host, tally).running():
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(load()))
    thread.start()
    try:
        yield tally
    finally:
        done.set()
        thread.join()
