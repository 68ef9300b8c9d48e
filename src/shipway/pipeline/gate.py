"""The gate: nothing goes on before these instances are up. The probe races the instances' own exits."""

import asyncio
from collections.abc import Awaitable, Collection
from contextlib import suppress
from typing import TypeVar

from shipway.domain.artifacts import Health, Rollout, Target
from shipway.domain.errors import Unavailable, Unhealthy
from shipway.domain.release import Release
from shipway.domain.workload import Instance
from shipway.pipeline.context import Context
from shipway.pipeline.diagnosis import Observation, diagnose
from shipway.pipeline.health_command import HealthCommand
from shipway.pipeline.together import together
from shipway.pipeline.watch import Watch, tail
from shipway.store import releases

T = TypeVar("T")

#: Seconds a process without a port must run to count as up.
SETTLED = 1.0


async def until_up(ctx: Context, rollout: Rollout, names: Collection[str]) -> Health:
    """Return when these instances are up. Raises `Unhealthy` as soon as one can't be: its `code` says in which way."""
    async with ctx.platform.database.read() as tx:
        release = await releases.get(tx, rollout.release_id)
    ports = {target.name: target for target in rollout.targets}
    exits = asyncio.create_task(first_exit(ctx, names))
    ups = asyncio.create_task(together(_up(ctx, release, ports.get(name)) for name in names))
    try:
        await asyncio.wait((exits, ups), return_when=asyncio.FIRST_COMPLETED)
        if exits.done():
            raise exits.result()
        answers = ups.result()
    finally:
        exits.cancel()
        ups.cancel()
        await asyncio.gather(exits, ups, return_exceptions=True)
    return next((answer for answer in answers if answer.answered), Health("running"))


async def _up(ctx: Context, release: Release, target: Target | None) -> Health:
    if target is None:
        await asyncio.sleep(SETTLED)
        return Health("")
    settings, health = release.settings, await _ready(ctx, release, target)
    if settings.liveness.path:
        await Watch(ctx, settings.liveness.first(settings.probe.timeout), target).until_up()
    return health


async def _ready(ctx: Context, release: Release, target: Target) -> Health:
    probe = release.settings.probe
    if probe.type == "none":
        return Health("no probe", weak=True, hint="No probe is set: nothing vouches for this deployment's health.")
    command = HealthCommand(ctx, release, target) if probe.type == "command" else None
    return await Watch(ctx, probe, target, command).until_up()


async def unless_one_ends(ctx: Context, names: Collection[str], work: Awaitable[T]) -> T:
    """What `work` returns. Raises `Unhealthy` when one of these instances, which are up, ends before it."""
    doing = asyncio.ensure_future(work)
    exits = asyncio.ensure_future(first_exit(ctx, names))
    try:
        await asyncio.wait((doing, exits), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise exits.result()
        return doing.result()
    finally:
        doing.cancel()
        exits.cancel()
        await asyncio.gather(doing, exits, return_exceptions=True)


async def first_exit(ctx: Context, names: Collection[str]) -> Unhealthy:
    """Why the first of these instances to be found exited did, whether before or while we listen. Ends with nothing else."""
    heard = asyncio.Event()
    listener = asyncio.ensure_future(_listen(ctx, names, heard))
    try:
        while True:
            seen = {each.name: each for each in await ctx.platform.engine.instances(service=ctx.service.id)}
            for name in names:
                if name not in seen:
                    return Unhealthy(f"{name} was removed.", hint="Somebody or something deleted it; deploy again.")
                if seen[name].state == "exited":
                    return await _explained(ctx, seen[name])
            heard.clear()
            await _either(heard, 1.0)
    finally:
        listener.cancel()


async def _listen(ctx: Context, names: Collection[str], heard: asyncio.Event) -> None:
    with suppress(Unavailable):
        async for event in ctx.platform.engine.events():
            if event.name in names and event.kind == "exited":
                heard.set()


async def _either(event: asyncio.Event, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return


async def _explained(ctx: Context, instance: Instance) -> Unhealthy:
    observed = Observation(
        instance=instance.name,
        exit_code=instance.exit_code if instance.exit_code is not None else -1,
        oom_killed=instance.oom_killed,
        tail=await tail(ctx, instance.name),
    )
    return diagnose(observed)
