"""deploy: start the new instances beside the old ones."""

from shipway.domain.artifacts import Released, Rollout, Target
from shipway.domain.process import WEB
from shipway.pipeline.context import Context
from shipway.pipeline.together import together
from shipway.pipeline.workloads import workloads
from shipway.store import releases, rollouts


async def start_instances(ctx: Context, released: Released) -> Rollout:
    """Start one instance of every process type as often as scaled. No request reaches them yet."""
    platform = ctx.platform
    async with platform.database.read() as tx:
        release = await releases.get(tx, released.id)
    planned = workloads(ctx.service, ctx.deployment, release, platform.settings)
    for workload in planned:
        ctx.log(f"-----> Starting {workload.name}")
    instances = await together(platform.engine.start(workload) for workload in planned)
    targets = tuple(
        Target(instance.name, instance.address, release.port)
        for workload, instance in zip(planned, instances, strict=True)
        if workload.owner.process == WEB
    )
    names = tuple(workload.name for workload in planned)
    async with platform.database.write() as tx:
        await rollouts.ensure(tx, ctx.deployment.id, ctx.service.id, targets, names)
    return Rollout(ctx.deployment.id, released.id, targets, names)
