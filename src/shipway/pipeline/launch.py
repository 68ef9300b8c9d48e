"""Starting instances of a rollout, and seeing them up."""

from collections.abc import Collection
from dataclasses import replace

from shipway.domain.artifacts import Rollout, Target
from shipway.domain.process import WEB
from shipway.pipeline.context import Context
from shipway.pipeline.delivery import delivery
from shipway.pipeline.files import give_files
from shipway.pipeline.situation import process_of
from shipway.pipeline.together import together
from shipway.pipeline.volumes import out_of_the_bin, with_volumes
from shipway.pipeline.workloads import same_workloads
from shipway.store import releases, rollouts


async def launch(ctx: Context, rollout: Rollout, names: Collection[str]) -> Rollout:
    """Start these instances of the rollout, a few at the same time, and record where they are. Returns it with them."""
    platform = ctx.platform
    async with platform.database.read() as tx:
        release = await releases.get(tx, rollout.release_id)
    delivered = await delivery(platform, release)
    planned = same_workloads(
        ctx.service, ctx.deployment, release, platform.settings, delivered, names=names, restart=False
    )
    if ctx.deployment.action == "rollback":
        await out_of_the_bin(platform, release, names, ctx.log)
    planned = await with_volumes(platform, release, planned)
    await give_files(platform, ctx.service, release, names)
    for workload in planned:
        ctx.log(f"-----> Starting {workload.name}")
    at_once = rollout.plan.at_once if rollout.plan else 0
    started = await together((platform.engine.start(workload) for workload in planned), at_once=at_once)
    new = [Target(each.name, each.address, release.port) for each in started if process_of(each.name) == WEB]
    targets = {target.name: target for target in (*rollout.targets, *new)}
    placed = replace(rollout, targets=tuple(targets.values()))
    async with platform.database.write() as tx:
        await rollouts.ensure(tx, ctx.deployment.id, ctx.service.id, placed.targets, placed.instances)
    return placed
