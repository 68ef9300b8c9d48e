"""The wired platform: every port, as the pipeline and the operations see it. `bootstrap.py` makes it."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from shipway.builders.builder import Builder
from shipway.domain.log import Log
from shipway.engines.engine import Engine
from shipway.pipeline.routes import Routes
from shipway.registry.registry import Registry
from shipway.routers.router import Router
from shipway.settings import Settings
from shipway.sources.source import Sources
from shipway.store.database import Database
from shipway.store.logs import StepLogs
from shipway.store.signals import Signals
from shipway.vault.vault import Vault


class Prober(Protocol):
    """Asks an instance over HTTP."""

    async def __call__(self, address: str, port: int, path: str, *, host: str, timeout: float) -> int | None:
        """The status it answered; `None` when it does not accept connections or does not answer in `timeout` seconds."""


class Bases(Protocol):
    """Images that generated Dockerfiles start from."""

    async def decide(self) -> None:
        """See what can be had; call it before `resolve`."""

    def resolve(self, runtime: str, version: str) -> str:
        """The image reference for a runtime (`python`, `node`, `static`) and the wished version."""

    async def ensure_for(self, dockerfile: str, log: Log) -> None:
        """Make those of our own base images that this Dockerfile starts from, where they are missing."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One installation, ready to work."""

    settings: Settings
    database: Database
    engine: Engine
    router: Router
    routes: Routes
    builder: Builder
    bases: Bases
    sources: Sources
    registry: Registry
    prober: Prober
    logs: StepLogs
    signals: Signals
    vault: Vault
    #: Held by whoever carries out deletions: what is made anew at the same path has the same names (`pipeline/deletion.py`).
    deleting: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: One-off runs that this process attends to: by nobody else, should a lease have run out all the same.
    attended: set[str] = field(default_factory=set)

    def workplace(self, deployment_id: str) -> Path:
        """Where a deployment keeps what it needs only until it is over."""
        return self.settings.home / "work" / deployment_id

    def worktree(self, deployment_id: str) -> Path:
        """Where its source is checked out."""
        return self.workplace(deployment_id) / "source"
