"""Looking at what is there, so that a deployment can be planned."""

from collections.abc import Mapping

from shipway.domain.capacity import Capacity
from shipway.domain.deployment import BRING_CODE, Action
from shipway.domain.plan import Plan
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.pipeline.context import Context
from shipway.pipeline.planner import plan
from shipway.pipeline.platform import Platform
from shipway.pipeline.situation import Situation, Standing
from shipway.pipeline.volumes import restorable
from shipway.pipeline.workloads import counts, instance_names
from shipway.store import releases, rollouts, volumes
from shipway.store.database import Tx


async def decide(ctx: Context, release: Release) -> Plan:
    """The plan of this deployment, decided before anything changes, be it by the release's own command, and logged."""
    situation = await survey(
        ctx.platform,
        ctx.service,
        release,
        action=ctx.deployment.action,
        deployment=ctx.deployment.number,
        zero_downtime=ctx.deployment.zero_downtime,
        makes_release=ctx.deployment.makes_release,
        runs_command=ctx.deployment.brings_new and bool(release.release_command),
    )
    made = plan(situation)
    await _reserve(ctx, made)
    ctx.log(f"-----> Plan: {made.summary}{f' because {made.why}' if made.why else ''}")
    for warning in made.warnings:
        ctx.log(f"       {warning}")
    return made


async def _reserve(ctx: Context, made: Plan) -> None:
    """What will start beside what stands is counted by others from here on: a release command may take minutes."""
    if made.mode != "stop-first" and (names := made.named("start")):
        async with ctx.platform.database.write() as tx:
            await rollouts.ensure(tx, ctx.deployment.id, ctx.service.id, (), names)


async def survey(
    platform: Platform,
    service: Service,
    release: Release,
    *,
    action: Action,
    deployment: int,
    zero_downtime: bool = False,
    makes_release: bool = False,
    runs_command: bool = False,
) -> Situation:
    """The situation in which deployment number `deployment` is to make `release` live. Raises `Unavailable`."""
    async with platform.database.read() as tx:
        standing = await _standing(tx)
        crossed = await _crossed(tx, service, release, standing) if action == "rollback" else ()
        known = await volumes.of_service(tx, service.id)
    machine = await platform.engine.capacity()
    wanted = instance_names(service.path, release.number, deployment, counts(service, release))
    # What was reserved for this deployment before a crash does not stand in its way.
    standing = tuple(each for each in standing if not set(each.instances) & set(wanted))
    return Situation(
        action=action,
        service_id=service.id,
        release=release,
        wanted=wanted,
        standing=await _seen(platform, service, action, standing),
        machine=_to_give(platform, machine),
        cores=int(machine.cpus),
        zero_downtime=zero_downtime,
        makes_release=makes_release,
        runs_command=runs_command,
        crossed=crossed,
        volumes=frozenset(volume.place for volume in known if volume.binned_at is None),
        binned=frozenset(volume.place for volume in restorable(known)),
    )


def _to_give(platform: Platform, machine: Capacity) -> Capacity:
    settings = platform.settings
    return Capacity(
        machine.memory * settings.overcommit_memory // 100,
        machine.cpus * settings.overcommit_cpus / 100,
        settings.device_counts,
    )


async def _standing(tx: Tx) -> tuple[Standing, ...]:
    known = await rollouts.listed(tx)
    made: Mapping[str, Release] = await releases.of_deployments(tx, [each.deployment_id for each in known])
    return tuple(
        Standing(
            each.deployment_id,
            each.service_id,
            made[each.deployment_id],
            tuple(name for name in each.instances if name not in each.parked),
            each.state,
        )
        for each in known
        if each.deployment_id in made
    )


async def _crossed(tx: Tx, service: Service, release: Release, standing: tuple[Standing, ...]) -> tuple[int, ...]:
    """Those made by a rollback with today's config, or by an edit of config files, never ran theirs; where only config was
    changed, it is that of code which is told already."""
    live = next((s.release.number for s in standing if s.service_id == service.id and s.state == "live"), 0)
    ran = await releases.with_command(tx, service.id, made_by=BRING_CODE)
    return tuple(sorted(number for number in ran if (release.derived_from or release.number) < number <= live))


async def _seen(
    platform: Platform, service: Service, action: Action, standing: tuple[Standing, ...]
) -> tuple[Standing, ...]:
    """Whether what could be taken over runs; asked only where there is such a thing."""
    states = ("warm", "draining", "live") if action in ("config", "reconfigure", "rollback") else ("warm", "draining")
    if not any(each.service_id == service.id and each.state in states for each in standing):
        return standing
    seen = await platform.engine.instances(service=service.id)
    return tuple(each.but_seen(seen) if each.service_id == service.id else each for each in standing)
