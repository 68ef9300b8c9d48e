"""What happens around a build in a sandbox, in which order; the sandbox is a fake one."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.builds import Recorder, request_for, source

from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.builders.sandbox.container import Plan
from shipway.builders.sandbox.limits import Limits
from shipway.builders.sandbox.sandboxes import Sandboxes
from shipway.domain.errors import Unavailable
from shipway.domain.log import Log


class Full:
    """A sandbox whose disk is full, and what was done to it. It comes up at once, and no build begins in it."""

    bounded = True

    def __init__(self, workspace: str) -> None:
        self.plan = Plan("test", workspace, "builder:1", Path("/nowhere"), Limits(), {}, None)
        self.did: list[str] = []

    async def run(self, _command: tuple[str, ...]) -> str:
        return "free 0\n"

    async def prune(self, *, images: bool) -> None:
        self.did.append("emptied, images too" if images else "emptied")

    async def take_in(self, reference: str, _log: Log) -> None:
        self.did.append(f"took in {reference}")
        raise Unavailable("That is enough.")


@pytest.fixture
def sandbox() -> Full:
    return Full("ws_1")


@pytest.fixture
def sandboxes(tmp_path: Path, sandbox: Full, monkeypatch: pytest.MonkeyPatch) -> Sandboxes:
    async def image(_log: Log) -> str:
        return "builder:1"

    async def up(*_: object) -> Full:
        return sandbox

    made = Sandboxes(tmp_path, "test", Limits(), image)
    monkeypatch.setattr(made, "_up", up)
    return made


async def attempt(sandboxes: Sandboxes, tree: Path) -> None:
    request = replace(request_for(source(tree), "FROM base:1\n"), workspace="ws_1")
    with pytest.raises(Unavailable, match="enough"):
        await SandboxedBuilder(sandboxes, tree).build(request, Recorder())


def test_a_bundle_that_daemons_have_open_is_not_written_again(tmp_path: Path) -> None:
    (tmp_path / "extra.pem").write_text("-----BEGIN CERTIFICATE-----\nb25l\n-----END CERTIFICATE-----\n")
    made = Sandboxes(tmp_path, "test", Limits(), lambda _log: asyncio.sleep(0, ""), extra_ca=tmp_path / "extra.pem")
    bundle = made._trusted()
    assert bundle and "b25l" in bundle.read_text()
    os.utime(bundle, (0, 0))
    assert made._trusted() == bundle and bundle.stat().st_mtime == 0


async def test_room_is_made_before_base_images_are_brought_in(
    sandboxes: Sandboxes, sandbox: Full, tmp_path: Path
) -> None:
    await attempt(sandboxes, tmp_path)
    assert sandbox.did == ["emptied, images too", "took in base:1"]


async def test_images_that_another_build_may_need_stay(sandboxes: Sandboxes, sandbox: Full, tmp_path: Path) -> None:
    async with sandboxes.entered("ws_1", Recorder()):
        await attempt(sandboxes, tmp_path)
    assert sandbox.did == ["emptied", "took in base:1"]
