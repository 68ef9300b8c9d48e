"""One-off runs as workloads: of a release that there is, as that recorded it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from shutil import rmtree

from shipway.domain.clock import now
from shipway.domain.one_off import PROCESS, OneOff
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.workload import Owner, Workload
from shipway.engines.sessions import Attaches
from shipway.pipeline.delivery import Delivery, delivery
from shipway.pipeline.files import give_files
from shipway.pipeline.platform import Platform
from shipway.pipeline.situation import file_set
from shipway.pipeline.together import together
from shipway.pipeline.workloads import instance_environment
from shipway.settings import Settings
from shipway.store import one_off_runs, releases, services

#: How long what became of runs, and what detached ones wrote, is kept.
KEPT = timedelta(days=30)
#: Seconds between SIGTERM and SIGKILL for what nobody has a service's own settings for any more.
_GRACE = 10.0


async def prepared(platform: Platform, run: OneOff, *, terminal: bool = False) -> Workload:
    """What is to be started for a run in a container of its own, its config files laid out. Raises what `delivery` raises,
    and `Unavailable`."""
    service, release = await _of(platform, run)
    made = workload(service, release, run, platform.settings, await delivery(platform, release))
    await give_files(platform, service, release, [made.name])
    return replace(made, terminal=terminal)


async def begun(platform: Platform, run: OneOff) -> Workload | None:
    """The same of one whose container is there; `None` where there is none. It has been handed its secrets, and is found
    whatever has become of these since."""
    service, release = await _of(platform, run)
    made = workload(service, release, run, platform.settings, Delivery({}))
    if not isinstance(platform.engine, Attaches):
        return None
    found = await platform.engine.one_offs(service=service.id)
    return made if any(each.name == made.name for each in found) else None


async def _of(platform: Platform, run: OneOff) -> tuple[Service, Release]:
    async with platform.database.read() as tx:
        return await services.get(tx, run.service_id), await releases.get(tx, run.release_id)


def workload(service: Service, release: Release, run: OneOff, settings: Settings, delivered: Delivery) -> Workload:
    """The same as an instance of the release, but for what would have others take it for one: no volumes, no names by which
    it is reached, no deployment."""
    path, name = service.path, run.name(service.path)
    return Workload(
        name=name,
        owner=Owner(service.id, "", PROCESS, str(path), release.number),
        image=release.image.reference,
        command=run.command,
        environment=instance_environment(service, "", release, settings, delivered, process=PROCESS, instance=name),
        secret_files=delivered.secret_files,
        network=path.network,
        resources=release.settings.resources,
        capabilities=release.settings.capabilities,
        hostname=f"{PROCESS}-{run.id[-8:]}",
        stop_grace=release.settings.grace_of(run.process),
        files=file_set(name),
        attached=run.attached,
    )


async def end_one_offs(platform: Platform, service_id: str = "") -> None:
    """Stop and remove all of a service's, or all there are: release commands too. Raises `Unavailable`."""
    if isinstance(platform.engine, Attaches):
        found = await platform.engine.one_offs(service=service_id)
        await together(platform.engine.stop(each.name, _GRACE) for each in found)


async def sweep_one_offs(platform: Platform) -> None:
    """Remove containers of runs that are over, and forget runs that have been over for long. Raises `Unavailable`."""
    if isinstance(platform.engine, Attaches):
        # What is there first, what is wanted second: a run that begins in between is then not taken for left behind.
        there = {each.name for each in await platform.engine.one_offs() if each.owner.process == PROCESS}
        unwanted = there - await wanted_names(platform) if there else set()
        await together(platform.engine.stop(name, _GRACE) for name in sorted(unwanted))
    async with platform.database.write() as tx:
        forgotten = await one_off_runs.purge(tx, now() - KEPT)
    for run_id in forgotten:
        await asyncio.to_thread(rmtree, platform.logs.directory(run_id), ignore_errors=True)


async def wanted_names(platform: Platform) -> set[str]:
    """Names of the containers of all runs that are not over."""
    async with platform.database.read() as tx:
        paths = {each.id: each.path for each in await services.listed(tx)}
        return {each.name(paths[each.service_id]) for each in await one_off_runs.unfinished(tx)}
