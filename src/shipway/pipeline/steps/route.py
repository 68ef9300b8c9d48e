"""route: the point of no return. One atomic act at the proxy; nothing is dropped."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from shipway.domain.artifacts import Health, Rollout, Switch
from shipway.domain.clock import now
from shipway.domain.codec import encode
from shipway.domain.errors import Cancelled, Unhealthy
from shipway.domain.traffic import Traffic
from shipway.pipeline.context import Context
from shipway.pipeline.in_place import take_over
from shipway.pipeline.switch_prober import asking
from shipway.store import deployments, journal, queue, rollouts, services
from shipway.store.database import Tx


async def switch_traffic(ctx: Context, rollout: Rollout, health: Health) -> Switch:
    """Send all requests to the rollout. It is live from then on, and the service is free for its next deployment.

    Raises `DeployFailed` only while the old set still has the traffic.
    """
    await _refuse_the_unwanted(ctx)
    if rollout.in_place:
        return await take_over(ctx, rollout, health)
    await _refuse_the_dead(ctx, rollout)
    record = partial(_record_live, ctx=ctx, health=health)
    async with asking(ctx, wanted=bool(rollout.targets)) as asked:
        switch = await ctx.platform.routes.switch(ctx.service.id, rollout.deployment_id, record)
    hosts = ", ".join(ctx.platform.settings.app_url(host) for host in ctx.service.hosts)
    ctx.log(f"-----> Live{f' at {hosts}' if rollout.targets and hosts else ''}")
    return replace(switch, asked=asked.requests, lost=asked.lost)


async def _refuse_the_unwanted(ctx: Context) -> None:
    """A wish to cancel counts until the first request is sent elsewhere; from this step on none is accepted."""
    async with ctx.platform.database.read() as tx:
        if (await deployments.get(tx, ctx.deployment.id)).cancel_requested:
            raise Cancelled("Cancelled before traffic moved.", hint="What was live before serves on.")


async def _refuse_the_dead(ctx: Context, rollout: Rollout) -> None:
    """Between the probe and here a crash of Shipway may have cost any time: what died meanwhile gets no traffic."""
    seen = {each.name: each for each in await ctx.platform.engine.instances(service=ctx.service.id)}
    for name in rollout.instances:
        if name not in seen or seen[name].state == "exited":
            raise Unhealthy(
                f"{name} passed its probe and is gone again.",
                hint="Look at its last lines below, then deploy again.",
                code="app-exited",
            )


async def _record_live(tx: Tx, carried: Mapping[str, Traffic], *, ctx: Context, health: Health) -> Switch:
    this = ctx.deployment.id
    known = await rollouts.listed(tx, ctx.service.id)
    others = [each for each in known if each.deployment_id != this]
    former = next((each.deployment_id for each in others if each.state == "live"), "")
    for each in others:
        if each.state == "live":
            await deployments.mark(tx, each.deployment_id, "superseded")
        if each.state != "retiring":
            await rollouts.set_state(tx, each.deployment_id, "draining")
    await rollouts.set_state(tx, this, "live")
    await services.set_live(tx, ctx.service.id, this)
    await deployments.mark(tx, this, "live", live_at=now(), weakly_verified=health.hint if health.weak else "")
    await queue.free_service(tx, this)
    # Those that already drain too, in case their own finalize never ends.
    retired = tuple(each.deployment_id for each in others)
    counted = {each.deployment_id: carried[each.origin] for each in known if each.origin in carried}
    switch = Switch(retired, counted, former)
    # The step is over in the same instant: run again after the service is free, it would take a successor's traffic.
    await journal.complete(tx, this, "route", encode(switch), switch.summary)
    return switch
