"""Sandboxes for tests: of an installation of their own, removed with their disks afterwards."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from shipway.builders.bases import Bases
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.builders.sandbox.limits import Limits
from shipway.builders.sandbox.sandboxes import IDLE, Sandboxes
from shipway.domain.log import Log

#: Little enough to be used up at once, enough for what tests build.
LIMITS = Limits(memory=256 << 20, cpus=1.0, pids=200, disk=2 << 30, concurrency=2)


@dataclass(frozen=True)
class Installation:
    """Several builders may be made of it, one after the other, as by restarts of Shipway."""

    #: Too deep for the path of a socket, as a home may be.
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix=f"shipway-sbx-{'deep-' * 20}")))
    name: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}")

    def sandboxes(
        self,
        ports: Sequence[int] = (),
        limits: Limits = LIMITS,
        idle: float = IDLE,
        *,
        extra_ca: Path | None = None,
        proxies: Mapping[str, str] | None = None,
        image: Callable[[Log], Awaitable[str]] | None = None,
        mirror: str = "",
    ) -> Sandboxes:
        """As one process of Shipway has them."""
        return Sandboxes(
            self.home,
            self.name,
            limits,
            image or partial(Bases("airgapped").ensure, "builder", ""),
            ports=ports,
            extra_ca=extra_ca,
            proxies=proxies,
            mirror=mirror,
            idle=idle,
        )

    @asynccontextmanager
    async def builder(self, ports: Sequence[int] = (), limits: Limits = LIMITS) -> AsyncIterator[SandboxedBuilder]:
        """A builder on them."""
        builder = SandboxedBuilder(self.sandboxes(ports, limits), self.home / "tools")
        try:
            yield builder
        finally:
            await builder.close()


@contextmanager
def installation() -> Iterator[Installation]:
    """An installation of nothing but sandboxes."""
    made = Installation()
    try:
        yield made
    finally:
        asyncio.run(made.sandboxes().remove())
        shutil.rmtree(made.home)
