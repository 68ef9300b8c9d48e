"""abandon: throw the candidate away, keep what it said, leave the previous deployment as it is."""

import asyncio
import shutil
from contextlib import suppress

from shipway.domain.errors import SecretMissing, SecretRevoked, Unavailable, VaultRefused
from shipway.pipeline.context import Context
from shipway.pipeline.in_place import put_back
from shipway.pipeline.local_image import let_go
from shipway.pipeline.retire import drain, retire
from shipway.pipeline.said import said
from shipway.pipeline.standing import unpark
from shipway.pipeline.workloads import release_command_name
from shipway.store import deployments, releases, rollouts

KEPT_LINES = 200


async def abandon(ctx: Context) -> None:
    """Remove every trace of a failed candidate but its logs. Safe at whatever point it failed; what is live by then
    stays. Requests that a canary or a half-done switch sent here are sent back first, in one switch; and what was stopped
    for the candidate runs again."""
    async with ctx.platform.database.write() as tx:
        if (await deployments.get(tx, ctx.deployment.id)).live_at:
            return
        own = await rollouts.find(tx, ctx.deployment.id)
        if own is not None and own.state != "candidate":
            await rollouts.set_state(tx, ctx.deployment.id, "draining")
    await ctx.platform.routes.reconcile()
    if own is not None:
        await drain(ctx.platform, own.origin, ctx.service.settings.drain_timeout)
    await _keep_logs(ctx)
    await _stop_release_command(ctx)
    await retire(ctx.platform, ctx.deployment.id, lambda _: 1.0)
    await _bring_back(ctx)
    await put_back(ctx)
    await let_go(ctx)
    await asyncio.to_thread(shutil.rmtree, ctx.platform.workplace(ctx.deployment.id), ignore_errors=True)


async def _bring_back(ctx: Context) -> None:
    """Of what serves only: the successors of what is warm or drains did not fail."""
    async with ctx.platform.database.read() as tx:
        parked = [each for each in await rollouts.live(tx) if each.parked and each.service_id == ctx.service.id]
    for each in parked:
        ctx.log(f"-----> Bringing back the old: {', '.join(each.parked)}")
        try:
            await unpark(ctx.platform, each)
        except (SecretMissing, SecretRevoked, VaultRefused) as error:
            # Revoked since they started. The candidate is to be gone all the same.
            ctx.log(f"!     {error.message} They can't be started again; deploy, or roll back to a release without it.")


async def _keep_logs(ctx: Context) -> None:
    with suppress(Unavailable, VaultRefused):
        for instance in await ctx.platform.engine.instances(deployment=ctx.deployment.id):
            ctx.log(f"-----> Last lines of {instance.name}")
            async for line in said(ctx.platform, ctx.service, instance.name, tail=KEPT_LINES):
                ctx.log(f"       {line.text}")


async def _stop_release_command(ctx: Context) -> None:
    async with ctx.platform.database.read() as tx:
        release = await releases.made_by(tx, ctx.deployment.id)
    if release and release.release_command:
        await ctx.platform.engine.stop(release_command_name(ctx.service, ctx.deployment, release), 1.0)
