"""A deployment that brings other config files and nothing else: it takes over what is live, where it stands (decision 20).

Nothing is started, nothing is asked and no request goes elsewhere. Its point of no return is the instant in which the files
change; until then the former deployment is live, as for any other.
"""

from dataclasses import replace

from shipway.domain.artifacts import Health, Released, Rollout, Switch
from shipway.domain.clock import now
from shipway.domain.codec import encode
from shipway.domain.errors import Conflict
from shipway.domain.headcount import headcount
from shipway.domain.plan import Plan
from shipway.domain.release import Release
from shipway.domain.traffic import Traffic
from shipway.pipeline.context import Context
from shipway.pipeline.files import give_files
from shipway.store import config_files, deployments, journal, queue, releases, rollouts, services
from shipway.store.database import Tx
from shipway.store.rollouts import StoredRollout


async def create_refiled(ctx: Context) -> Release:
    """The release that is live, with the config files of today: a new one, unless these are the same. Raises `Conflict`
    where nothing is live any more."""
    async with ctx.platform.database.write() as tx:
        release = await releases.made_by(tx, ctx.deployment.id) or await _refiled(tx, ctx)
        await deployments.mark(tx, ctx.deployment.id, release_id=release.id)
    return release


async def _refiled(tx: Tx, ctx: Context) -> Release:
    live_id = (await services.get(tx, ctx.service.id)).live_deployment_id
    if live_id is None:
        raise Conflict(f"{ctx.path} has nothing live any more.", hint="The next deployment has the files.")
    live = await releases.get(tx, (await deployments.get(tx, live_id)).release_id or "")
    files = await config_files.current(tx, ctx.service.id)
    if files == live.given.files:
        return live
    wanted = replace(live, given=replace(live.given, files=files))
    return await releases.ensure_like(tx, ctx.service.id, ctx.deployment.id, wanted)


async def find_standing(ctx: Context, released: Released, plan: Plan) -> Rollout:
    """What is live, as this deployment's own rollout. Raises `Conflict` when it is not any more what was planned with."""
    async with ctx.platform.database.read() as tx:
        live = await _live(tx, ctx)
    if live is None or set(live.instances) != set(plan.named("adopt")):
        raise Conflict(f"What is live of {ctx.path} has changed meanwhile.", hint="Try again.")
    ctx.log(f"-----> Nothing to start, what runs stays: {headcount(live.instances)}")
    return Rollout(ctx.deployment.id, released.id, live.targets, live.instances, plan)


async def passed_before(ctx: Context) -> Health:
    """Nothing is asked again: whether what is live is well is the watchman's affair, and other files may be the cure."""
    async with ctx.platform.database.read() as tx:
        live_id = (await services.get(tx, ctx.service.id)).live_deployment_id
        live = await deployments.get(tx, live_id or ctx.deployment.id)
    hint = live.weakly_verified
    return Health(f"as when d{live.number} went live", weak=bool(hint), hint=hint)


async def take_over(ctx: Context, rollout: Rollout, health: Health) -> Switch:
    """Let the instances see the release's files, and record that it is live. The files first: the store never says what is
    not so. After a crash between the two the step is done again, and both are the same then."""
    async with ctx.platform.database.read() as tx:
        release = await releases.get(tx, rollout.release_id)
    carried = await ctx.platform.routes.traffic()
    await give_files(ctx.platform, ctx.service, release, rollout.instances)
    ctx.log(f"-----> The config files of v{release.number} are seen by {headcount(rollout.instances)}")
    async with ctx.platform.database.write() as tx:
        return await _record(tx, ctx, health, carried)


async def put_back(ctx: Context) -> None:
    """The files of what is live, where this deployment may have changed them. Done again, nothing changes."""
    async with ctx.platform.database.read() as tx:
        live = await _live(tx, ctx)
        release = await releases.of_deployments(tx, [live.deployment_id]) if live else {}
    if live and live.deployment_id in release:
        await give_files(ctx.platform, ctx.service, release[live.deployment_id], live.instances)


async def _record(tx: Tx, ctx: Context, health: Health, carried: dict[str, Traffic]) -> Switch:
    this = ctx.deployment.id
    live = await _live(tx, ctx)
    assert live is not None, "the service is this deployment's, so that nothing else ends what is live"
    await rollouts.hand_over(tx, live.deployment_id, this)
    await deployments.mark(tx, live.deployment_id, "superseded")
    await services.set_live(tx, ctx.service.id, this)
    await deployments.mark(tx, this, "live", live_at=now(), weakly_verified=health.hint if health.weak else "")
    await queue.free_service(tx, this)
    counted = carried.get(live.origin, Traffic())
    switch = Switch((), {live.deployment_id: counted, this: counted}, live.deployment_id)
    await journal.complete(tx, this, "route", encode(switch), switch.summary)
    return switch


async def _live(tx: Tx, ctx: Context) -> StoredRollout | None:
    return next((each for each in await rollouts.listed(tx, ctx.service.id) if each.state == "live"), None)
