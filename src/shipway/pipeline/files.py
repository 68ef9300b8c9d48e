"""Config files: what a release names, put where its instances see it."""

from collections.abc import Iterable

from shipway.domain.process import WEB
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.pipeline.platform import Platform
from shipway.pipeline.situation import file_set
from shipway.pipeline.workloads import instance_names
from shipway.store import contents, deployments, one_off_runs, rollouts, services


async def give_files(platform: Platform, service: Service, release: Release, instances: Iterable[str]) -> None:
    """Let instances of these names, whether they run or are about to be started, see the files of `release` and no others.

    Whoever shares a file set with them sees the same: all that one deployment has started. Raises `Unavailable`.
    """
    named = release.given.files
    async with platform.database.read() as tx:
        kept = await contents.fetch(tx, service.workspace_id, set(named.values()))
    files = {path: kept[digest] for path, digest in named.items()}
    for name in sorted({file_set(instance) for instance in instances}):
        await platform.engine.publish(name, files)


async def ensure_files(platform: Platform, service: Service, release: Release, instances: Iterable[str]) -> None:
    """The same where there is no such file set; one that is there is changed by deployments alone."""
    there = await platform.engine.file_sets()
    if missing := [instance for instance in instances if file_set(instance) not in there]:
        await give_files(platform, service, release, missing)


async def sweep_files(platform: Platform) -> None:
    """Withdraw the file sets of instances that are gone. Raises `Unavailable`."""
    # What is there first, what is wanted second: a deployment that begins in between then loses nothing.
    there = await platform.engine.file_sets()
    seen = {instance.files for instance in await platform.engine.instances()} if there else set()
    async with platform.database.read() as tx:
        paths = {each.id: each.path for each in await services.listed(tx)}
        named = {name for each in await rollouts.listed(tx) for name in each.instances}
        for each in await deployments.unfinished(tx):
            named |= {*instance_names(paths[each.service_id], each.release_number or 0, each.number, {WEB: 1})}
        named |= {each.name(paths[each.service_id]) for each in await one_off_runs.unfinished(tx)}
    for name in sorted(there - seen - {file_set(instance) for instance in named}):
        await platform.engine.withdraw(name)
