"""Locks by name, so that one workload's, network's or image's affairs are done one after the other."""

import asyncio
from weakref import WeakValueDictionary


class Locks:
    """`async with locks(name):` - a lock is forgotten when nobody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())
