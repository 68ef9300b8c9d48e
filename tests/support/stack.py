"""Shipway whole, on fakes that pass the real parts' contracts, with a real database: for tests of what lies between."""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from shipway.builders.fake import FakeBuilder
from shipway.domain.deployment import Deployment
from shipway.domain.log import Log
from shipway.domain.names import ServicePath
from shipway.domain.service import Service, ServiceSettings
from shipway.domain.source import GitSource, Source
from shipway.domain.user import User
from shipway.engines.fake import FakeEngine
from shipway.operations import deployments as deployment_operations
from shipway.operations.access import Actor
from shipway.operations.services import change_service, create_service
from shipway.pipeline.platform import Platform
from shipway.pipeline.routes import Routes
from shipway.registry.fake import FakeRegistry
from shipway.routers.fake import FakeRouter
from shipway.settings import Settings
from shipway.sources.fake import FakeSources
from shipway.store import deployments, queue, users
from shipway.store.database import Database, Tx
from shipway.store.logs import StepLogs
from shipway.store.schema import migrate
from shipway.store.signals import Signals
from shipway.vault.sealed import SealedVault
from shipway.worker.worker import Worker

Intercept = Callable[[str, str], Awaitable[None]]
PATH = ServicePath("acme", "shop", "production", "api")
REPOSITORY = "https://git.example.com/shop.git"
#: Old instances end as soon as they are drained.
AT_ONCE = ServiceSettings(keep_warm=0)
DOCKERFILE = 'FROM base:1\nEXPOSE 8080\nCMD ["app"]\n'


class FakeBases:
    """Base images that are always there."""

    async def decide(self) -> None:
        """Nothing to see."""

    def resolve(self, runtime: str, version: str) -> str:
        """A reference that says what was asked for."""
        return f"{runtime}:{version or 'latest'}"

    async def ensure_for(self, dockerfile: str, log: Log) -> None:
        """Nothing to make."""


class InterceptedDatabase(Database):
    """A database whose every commit can be made the last thing a process did, or the first it did not do."""

    intercept: Intercept | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """As `Database.write`, with the hook around the commit."""
        async with super().write() as tx:
            yield tx
            if self.intercept:
                await self.intercept("commit", "before")
        if self.intercept:
            await self.intercept("commit", "after")


@dataclass(frozen=True)
class Stack:
    """The platform and its fakes by their own types."""

    platform: Platform
    engine: FakeEngine
    router: FakeRouter
    builder: FakeBuilder
    sources: FakeSources
    registry: FakeRegistry
    database: InterceptedDatabase
    actor: Actor

    async def restarted(self) -> "Stack":
        """The same world seen by a new process: nothing that was in memory is left."""
        await self.database.close()
        self.intercept(None)
        database = InterceptedDatabase(self.platform.settings.database)
        platform = replace(
            self.platform,
            database=database,
            routes=Routes(database, self.router),
            signals=Signals(),
            vault=SealedVault(database, self.platform.settings.home),
        )
        return replace(self, platform=platform, database=database)

    def intercept(self, hook: Intercept | None) -> None:
        """Call `hook` around every effect on the world."""
        for part in (self.engine, self.router, self.builder, self.sources, self.registry, self.database):
            part.intercept = hook

    async def deploy(self, **options: object) -> Deployment:
        """Ask for a deployment of the one service."""
        return await deployment_operations.deploy(self.platform, self.actor, PATH, **options)  # type: ignore[arg-type]

    async def deployment(self, deployment_id: str) -> Deployment:
        """A deployment as it is now."""
        async with self.platform.database.read() as tx:
            return await deployments.get(tx, deployment_id)

    async def deployed(self) -> Deployment:
        """A deployment of the one service, when all is done."""
        made = await self.deploy()
        await self.work()
        return await self.deployment(made.id)

    async def until(self, made: Deployment, *states: str) -> None:
        """Wait, while a worker works, until the deployment is in one of `states`."""
        async with asyncio.timeout(20):
            while (await self.deployment(made.id)).state not in states:
                await asyncio.sleep(0.002)

    async def change(self, **settings: object) -> None:
        """Change settings of the one service."""
        await change_service(self.platform, self.actor, PATH, settings=settings)

    async def is_idle(self) -> bool:
        """Whether nothing is queued or under way."""
        async with self.platform.database.read() as tx:
            return not await queue.busy_services(tx) and not await deployments.unfinished(tx)

    async def work(self, until: Callable[[], bool] = lambda: False) -> None:
        """Run a worker until nothing is left to do, or `until` holds."""
        async with asyncio.timeout(60), self.working():
            while not until() and not await self.is_idle():
                await asyncio.sleep(0.002)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker at work."""
        worker = asyncio.create_task(Worker(self.platform).run())
        try:
            yield
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


@asynccontextmanager
async def fake_stack(
    directory: Path,
    *,
    source: Source | None = None,
    settings: ServiceSettings | None = None,
    service: bool = True,
    database_url: str = "",
) -> AsyncIterator[Stack]:
    """A stack with one service at `PATH`, deployed from `REPOSITORY`, whose branch `main` holds a Dockerfile.

    On SQLite, or on the empty database at `database_url`.
    """
    stack = await _assemble(directory, database_url)
    stack.sources.add(REPOSITORY, "main", {"Dockerfile": DOCKERFILE})
    if service:
        await a_service(stack, source=source, settings=settings)
    try:
        yield stack
    finally:
        await stack.platform.database.close()


async def fake_platform(directory: Path) -> Platform:
    """Only the platform, empty; the caller closes its database."""
    return (await _assemble(directory)).platform


async def a_service(
    stack: Stack, path: ServicePath = PATH, *, source: Source | None = None, settings: ServiceSettings | None = None
) -> Service:
    """One more service."""
    return await create_service(
        stack.platform,
        stack.actor,
        path,
        source or GitSource(REPOSITORY, "main"),
        settings=settings or AT_ONCE,
        create_parents=True,
    )


async def _empty_database() -> Path:
    """A migrated SQLite file to copy: migrating takes longer than most tests."""
    if not _template:
        path = Path(tempfile.mkdtemp(prefix="shipway-test-")) / "empty.db"
        atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await database.close()
        _template.append(path)
    return _template[0]


_template: list[Path] = []


async def _assemble(directory: Path, database_url: str = "") -> Stack:
    directory.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=directory, database_url=database_url)
    if not database_url:
        shutil.copy(await _empty_database(), directory / "shipway.db")
    database = InterceptedDatabase(settings.database)
    if database_url:
        await migrate(database)
    async with database.write() as tx:
        admin: User = await users.ensure(tx, "admin", admin=True)
    engine, router, builder, sources = FakeEngine(), FakeRouter(), FakeBuilder(), FakeSources()
    registry = FakeRegistry(pushed=builder.pushed)

    async def prober(address: str, port: int, path: str, *, host: str, timeout: float) -> int | None:
        return await engine.request(address, port, path)

    platform = Platform(
        settings=settings,
        database=database,
        engine=engine,
        router=router,
        routes=Routes(database, router),
        builder=builder,
        bases=FakeBases(),
        sources=sources,
        registry=registry,
        prober=prober,
        logs=StepLogs(directory),
        signals=Signals(),
        vault=SealedVault(database, directory),
    )
    return Stack(platform, engine, router, builder, sources, registry, database, Actor(admin))
