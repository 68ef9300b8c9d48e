"""Fixtures that several of these tests share. A test file that needs another one of the same name brings its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.asgi import Api, an_api
from tests.support.docker import Tap, tapped
from tests.support.engines import DockerLab, docker_lab
from tests.support.pages import Visitor, visitor
from tests.support.served import Served, served
from tests.support.stack import Stack, fake_stack
from tests.support.terminal import Terminal

from shipway.routers.haproxy import render
from shipway.routers.haproxy import router as router_module


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """Shipway on fakes."""
    async with fake_stack(tmp_path) as made:
        yield made


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The API over Shipway on fakes."""
    async with an_api(tmp_path) as made:
        yield made


@pytest.fixture
async def admin(stack: Stack) -> AsyncIterator[Visitor]:
    """The administrator in a browser, logged in."""
    async with visitor(stack.platform) as someone:
        await someone.log_in()
        yield someone


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over loopback, one for all tests of a file."""
    with served(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture
def terminal(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The administrator's terminal."""
    return Terminal.open(monkeypatch, tmp_path, server)


@pytest.fixture
async def docker() -> AsyncIterator[DockerLab]:
    """An engine of one's own on the real Docker."""
    async with docker_lab() as made:
        yield made


@pytest.fixture
async def tap(tmp_path: Path) -> AsyncIterator[Tap]:
    """Between an engine and Docker."""
    async with tapped(tmp_path) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """HAProxy keeps idle connections for one second, so that a reload is over soon."""
    for module in (render, router_module):
        monkeypatch.setattr(module, "KEEP_ALIVE", 1)
