"""The API over loopback, on fakes, with a worker at work: for tests of whoever talks to a server."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
import uvicorn
from tests.support.stack import Stack, fake_stack

from shipway.api.app import create_app
from shipway.domain.artifacts import Checkout
from shipway.domain.log import Log
from shipway.domain.source import PushSource, Revision, Source, UploadSource
from shipway.operations import accounts
from shipway.sources.fake import FakeSources
from shipway.sources.sources import LocalSources

T = TypeVar("T")


class SourcesWithUploads(FakeSources):
    """Repositories in memory; what is sent here, uploaded or pushed, as it really is."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._local = LocalSources(home)
        self.uploads = self._local.uploads
        self.repositories = self._local.repositories

    async def resolve(self, source: Source, revision: Revision, log: Log) -> Checkout:
        """By the kind of source."""
        sources = self._local if isinstance(source, (UploadSource, PushSource)) else super()
        return await sources.resolve(source, revision, log)

    async def ensure(self, checkout: Checkout, directory: Path, log: Log) -> Path:
        """By the kind of source."""
        sources = self._local if checkout.kind in ("upload", "push") else super()
        return await sources.ensure(checkout, directory, log)

    async def forget(self, service_id: str) -> None:
        """What is really here."""
        await self._local.forget(service_id)


@dataclass(frozen=True)
class Served:
    """A server that answers at `url` to `token`."""

    url: str
    token: str
    stack: Stack
    _loop: asyncio.AbstractEventLoop

    def run(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do something where the server runs, and wait for it."""

        async def call() -> T:
            return await act()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(30)


@contextmanager
def served(directory: Path, *, service: bool = True, working: bool = True) -> Iterator[Served]:
    """A server in a thread of its own, with one service unless told otherwise; `working` off leaves the queue alone."""
    ready: Future[Served] = Future()
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(directory, ready, stop, service, working)))
    thread.start()
    try:
        yield ready.result(30)
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Served]:
    """A server for each test, where a file's own is not enough: `server = fresh_server` in a test file."""
    with served(tmp_path) as made:
        yield made


async def _serve(directory: Path, ready: "Future[Served]", stop: threading.Event, service: bool, working: bool) -> None:
    try:
        async with fake_stack(directory / "home", service=service) as bare:
            stack = _with_uploads(bare)
            server = uvicorn.Server(
                uvicorn.Config(create_app(stack.platform), port=0, log_level="error", timeout_graceful_shutdown=1)
            )
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            token = await accounts.administrator_token(stack.platform, "tests")
            ready.set_result(Served(f"http://127.0.0.1:{port}", token, stack, asyncio.get_running_loop()))
            await _until(stop, stack, working)
            server.should_exit = True
            await serving
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise


async def _until(stop: threading.Event, stack: Stack, working: bool) -> None:
    if not working:
        await asyncio.to_thread(stop.wait)
        return
    async with stack.working():
        await asyncio.to_thread(stop.wait)


def _with_uploads(stack: Stack) -> Stack:
    sources = SourcesWithUploads(stack.platform.settings.home)
    sources.__dict__.update({name: value for name, value in stack.sources.__dict__.items()})
    return replace(stack, sources=sources, platform=replace(stack.platform, sources=sources))
