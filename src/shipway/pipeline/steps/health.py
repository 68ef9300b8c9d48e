"""health: no request before every instance of every process type is up. The probe races the instance's own exit."""

import asyncio
from contextlib import suppress

from shipway.domain.artifacts import Health, Rollout, Target
from shipway.domain.errors import Unavailable, Unhealthy
from shipway.domain.probe import Probe
from shipway.domain.workload import Instance
from shipway.pipeline.context import Context
from shipway.pipeline.diagnosis import Observation, diagnose
from shipway.pipeline.together import together
from shipway.pipeline.watch import Watch, tail
from shipway.store import releases

#: Seconds a process without a port must run to count as up.
SETTLED = 1.0


async def await_health(ctx: Context, rollout: Rollout) -> Health:
    """Return when all instances are up. Raises `Unhealthy` as soon as one can't be: its `code` says in which way."""
    async with ctx.platform.database.read() as tx:
        probe = (await releases.get(tx, rollout.release_id)).settings.probe
    ports = {target.name: target for target in rollout.targets}
    exits = asyncio.create_task(_first_exit(ctx, rollout))
    ups = asyncio.create_task(_all_up(ctx, rollout, probe, ports))
    try:
        await asyncio.wait((exits, ups), return_when=asyncio.FIRST_COMPLETED)
        if exits.done():
            raise await _explain_exit(ctx, exits.result())
        answers = ups.result()
    finally:
        exits.cancel()
        ups.cancel()
        await asyncio.gather(exits, ups, return_exceptions=True)
    return next((answer for answer in answers if answer.answered), Health("running"))


async def _all_up(ctx: Context, rollout: Rollout, probe: Probe, ports: dict[str, Target]) -> list[Health]:
    return await together(_up(ctx, probe, ports.get(name)) for name in rollout.instances)


async def _up(ctx: Context, probe: Probe, target: Target | None) -> Health:
    if target is None:
        await asyncio.sleep(SETTLED)
        return Health("")
    if probe.type == "none":
        return Health("no probe", weak=True, hint="No probe is set: nothing vouches for this deployment's health.")
    return await Watch(ctx, probe, target).until_up()


async def _first_exit(ctx: Context, rollout: Rollout) -> Instance:
    """The first of the rollout's instances to be found exited, whether it exited before or while we listen."""
    heard = asyncio.Event()
    listener = asyncio.ensure_future(_listen(ctx, rollout, heard))
    try:
        while True:
            seen = {each.name: each for each in await ctx.platform.engine.instances(deployment=rollout.deployment_id)}
            for name in rollout.instances:
                if name not in seen:
                    raise Unhealthy(f"{name} was removed.", hint="Somebody or something deleted it; deploy again.")
                if seen[name].state == "exited":
                    return seen[name]
            heard.clear()
            await _either(heard, 1.0)
    finally:
        listener.cancel()


async def _listen(ctx: Context, rollout: Rollout, heard: asyncio.Event) -> None:
    with suppress(Unavailable):
        async for event in ctx.platform.engine.events():
            if event.name in rollout.instances and event.kind == "exited":
                heard.set()


async def _either(event: asyncio.Event, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return


async def _explain_exit(ctx: Context, instance: Instance) -> Unhealthy:
    observed = Observation(
        instance=instance.name,
        exit_code=instance.exit_code if instance.exit_code is not None else -1,
        oom_killed=instance.oom_killed,
        tail=await tail(ctx, instance.name),
    )
    return diagnose(observed)
