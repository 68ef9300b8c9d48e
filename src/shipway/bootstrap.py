"""The composition root: settings in, wired platform out. The one file that names adapters."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shipway.api.app import create_app
from shipway.builders.bases import Bases
from shipway.builders.choice import builder_for
from shipway.domain.credential import Credential
from shipway.engines.docker.engine import DockerEngine
from shipway.pipeline.one_offs import end_one_offs
from shipway.pipeline.platform import Platform
from shipway.pipeline.prober import probe_http
from shipway.pipeline.routes import Routes
from shipway.pipeline.together import together
from shipway.registry.registry import Registry
from shipway.registry.server import DistributionRegistry
from shipway.routers.haproxy.router import HAProxyRouter
from shipway.settings import Settings
from shipway.sources.sources import LocalSources
from shipway.store import one_off_runs, queue
from shipway.store.database import Database
from shipway.store.logs import StepLogs
from shipway.store.schema import migrate
from shipway.store.sealing import sealer
from shipway.store.signals import Signals
from shipway.vault.choice import vault_for
from shipway.web.app import create_router, static_app
from shipway.worker.attendant import Attendant
from shipway.worker.guard import Guardian
from shipway.worker.janitor import Janitor
from shipway.worker.keeper import Keeper
from shipway.worker.revive import revive
from shipway.worker.standby import Standby
from shipway.worker.watchman import Watchman
from shipway.worker.worker import Worker


def assemble(settings: Settings) -> Platform:
    """The platform on its real parts. Nothing is contacted or started yet."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database)
    registry = DistributionRegistry(
        settings.home, settings.registry_port, f"{settings.url}/registry/token", settings.installation
    )
    bases = Bases(settings.bases, settings.docker_host)
    router = HAProxyRouter(settings.home, settings.proxy_host, settings.proxy_port)
    return Platform(
        settings=settings,
        database=database,
        engine=DockerEngine(
            settings.installation,
            settings.docker_host,
            settings.network_pool,
            _pull_credentials(registry),
            home=settings.home,
        ),
        router=router,
        routes=Routes(database, router),
        builder=builder_for(settings, bases, registry.repository("", "")),
        bases=bases,
        sources=LocalSources(settings.home, most_pushed=settings.git_push_limit * 1024**2),
        registry=registry,
        prober=probe_http,
        logs=StepLogs(settings.home),
        signals=Signals(),
        vault=vault_for(settings, database),
    )


@asynccontextmanager
async def started(platform: Platform) -> AsyncIterator[None]:
    """Bring everything up, go on with what a crash interrupted, and work until the context ends.

    Raises `Unavailable` when a part of the world is missing at the start. At the end only Shipway itself stops: apps,
    proxy and registry go on.
    """
    await migrate(platform.database)
    if platform.settings.database.startswith("sqlite"):
        async with platform.database.write() as tx:
            await queue.expire_leases(tx)
            await one_off_runs.release_all(tx)
    async with platform.database.read() as tx:
        await sealer(tx, platform.settings.home)
    await platform.vault.prepare()
    await platform.engine.check()
    await asyncio.gather(platform.router.check(), platform.registry.check())
    await revive(platform)
    await platform.routes.reconcile()
    try:
        workers = (Worker, Janitor, Keeper, Standby, Watchman, Guardian, Attendant)
        async with _background(*(each(platform) for each in workers)):
            yield
    finally:
        parts = (platform.engine, platform.router, platform.registry, platform.builder, platform.vault)
        await asyncio.gather(*(part.close() for part in parts))
        await platform.database.close()


async def stop_everything(platform: Platform) -> None:
    """Stop the apps' instances, and one-offs, then the proxy and the registry, of a server that is down. Nothing is forgotten:
    the next start brings all of it back, but for one-offs."""
    try:
        await together(platform.engine.stop(each.name, 10.0) for each in await platform.engine.instances())
        await end_one_offs(platform)
        await platform.builder.stop()
        await platform.router.shutdown()
        await platform.registry.shutdown()
    finally:
        await platform.engine.close()
        await platform.vault.close()
        await platform.database.close()


def build_app(platform: Platform) -> FastAPI:
    """The API and the dashboard over a platform that somebody else starts."""
    app = create_app(platform)
    app.include_router(create_router(platform))
    app.mount("/static", static_app())
    return app


@asynccontextmanager
async def _background(
    *parts: Worker | Janitor | Keeper | Standby | Watchman | Guardian | Attendant,
) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part.run(), name=type(part).__name__) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _pull_credentials(registry: Registry) -> Callable[[str], Credential | None]:
    """What gives the pull credential for an image of the built-in registry, and `None` for any other."""
    prefix = registry.repository("", "").rstrip("/") + "/"

    def credential(reference: str) -> Credential | None:
        if not reference.startswith(prefix):
            return None
        workspace, _, name = reference.removeprefix(prefix).partition("@")[0].partition(":")[0].partition("/")
        return registry.pull_credential(workspace, name)

    return credential
