"""release: freeze image, config, process types and settings; run the release command once."""

from dataclasses import replace

from shipway.domain.artifacts import Analysis, Image, Released
from shipway.domain.errors import Conflict, ReleaseCommandFailed
from shipway.domain.origin import ImageOrigin
from shipway.domain.process import WEB, ProcessType
from shipway.domain.release import Given, Release
from shipway.domain.source import ImageSource
from shipway.engines.engine import InspectsImages
from shipway.pipeline.context import Context
from shipway.pipeline.delivery import delivery
from shipway.pipeline.derived import DEFAULT_PORT, derived
from shipway.pipeline.files import give_files
from shipway.pipeline.images import refuse_foreign_image
from shipway.pipeline.in_place import create_refiled
from shipway.pipeline.rebuilt import create_rebuilt
from shipway.pipeline.reconfigured import create_reconfigured
from shipway.pipeline.said import masked_log
from shipway.pipeline.snapshot import snapshot
from shipway.pipeline.survey import decide
from shipway.pipeline.workloads import release_command_workload
from shipway.store import deployments, releases, services


async def create_release(ctx: Context, image: Image | None, analysis: Analysis | None) -> Released:
    """The release to make live: an existing one for a rollback or restart, unless its image had to be built again and is
    another by that; else a new one of `image`, of an image that there is already, or of the one the service names; of what is
    live only where today's config is another. And how it is to come to serve. Raises `ReleaseCommandFailed`, `NoRoom` where
    there is no room for it, what `delivery` raises, or what resolving a foreign image raises."""
    if ctx.deployment.action == "config":
        release = await create_refiled(ctx)
        ctx.log(
            f"-----> Release v{release.number}: what is live, with {len(release.given.files)} config files of today"
        )
        return Released(release.id, release.number, await decide(ctx, release))
    if ctx.deployment.makes_release:
        # A Vault that others write to: asked now, so that the newest is pinned, and not in the transaction that does it.
        await ctx.platform.vault.look(ctx.service.secret_home)
    rebuild = ctx.deployment.rebuild
    rebuilt = await create_rebuilt(ctx, rebuild, image) if rebuild and image else None
    if rebuilt or not ctx.deployment.makes_release:
        release = rebuilt or await _existing(ctx)
        # Better told here than by instances that can't start: of one that was revoked since nobody has the value.
        await delivery(ctx.platform, release)
        return Released(release.id, release.number, await decide(ctx, release))
    if origin := ctx.deployment.image_from:
        release = await _derived(ctx, origin)
    elif ctx.deployment.action == "reconfigure" and image is None:
        release = await create_reconfigured(ctx)
    else:
        release = await _new(ctx, image or await _foreign_image(ctx), analysis)
    ctx.log(f"-----> Release v{release.number}: {release.image.label} with {_told(release.given)}")
    # Before anything starts: it may be known that there is a value, and yet nobody be allowed to have it.
    await delivery(ctx.platform, release)
    planned = await decide(ctx, release)
    if planned.named("run"):
        await _run_release_command(ctx, release)
    return Released(release.id, release.number, planned)


def _told(given: Given) -> str:
    secrets = sorted({*given.secrets.values(), *given.secret_files.values()})
    return f"{len(given.config)} config vars" + (f", secrets {', '.join(secrets)}" if secrets else "")


async def _existing(ctx: Context) -> Release:
    """The one that was named, or the one that is live now: a deployment before this one in the queue may have changed
    that since this one was asked for."""
    async with ctx.platform.database.write() as tx:
        deployment = await deployments.get(tx, ctx.deployment.id)
        service = await services.get(tx, ctx.service.id)
        if deployment.release_id is None and service.live_deployment_id is None:
            raise Conflict(f"{ctx.path} has nothing live any more.", hint="Deploy it first: `shipway deploy`.")
        live = deployment.release_id or (await deployments.get(tx, service.live_deployment_id or "")).release_id
        await deployments.mark(tx, ctx.deployment.id, release_id=live)
        release = await releases.get(tx, live or "")
    ctx.log(f"-----> Release v{release.number} again: {release.image.label}, its own config")
    return release


async def _new(ctx: Context, image: Image, analysis: Analysis | None) -> Release:
    settings = ctx.service.in_effect
    if analysis and analysis.probe:
        settings = replace(settings, probe=analysis.probe)
    if analysis and analysis.liveness:
        settings = replace(settings, liveness=analysis.liveness)
    async with ctx.platform.database.write() as tx:
        release = await releases.ensure(
            tx,
            ctx.service.id,
            ctx.deployment.id,
            image=image,
            given=await snapshot(tx, ctx.service),
            processes=analysis.processes if analysis else (ProcessType(WEB, settings.start_command),),
            port=settings.port or (analysis.port if analysis else image.exposed_port) or DEFAULT_PORT,
            settings=settings,
            release_command=analysis.release_command if analysis else "",
            revision=image.revision,
        )
        # The id is kept with the deployment for whoever looks; the journal decides what is done.
        await deployments.mark(tx, ctx.deployment.id, release_id=release.id)
    return release


async def _derived(ctx: Context, origin: ImageOrigin) -> Release:
    async with ctx.platform.database.write() as tx:
        base = await releases.find(tx, origin.release_id)
        if base is None:
            raise Conflict(f"{origin} is gone, and its image with it.", hint="Deploy from the source.")
        wanted = derived(ctx.service, base, origin, await snapshot(tx, ctx.service), number=0)
        release = await releases.ensure_like(tx, ctx.service.id, ctx.deployment.id, wanted)
        await deployments.mark(tx, ctx.deployment.id, release_id=release.id)
    ctx.log(f"-----> The image of {origin}, with today's config")
    return release


async def _foreign_image(ctx: Context) -> Image:
    source, engine = ctx.service.source, ctx.platform.engine
    assert isinstance(source, ImageSource)
    assert isinstance(engine, InspectsImages)
    wanted = ctx.deployment.revision.image or source.reference
    refuse_foreign_image(ctx.platform, ctx.path, wanted)
    ctx.log(f"-----> Resolving {wanted}")
    reference, port = await engine.resolve_image(wanted)
    return Image(reference, reference.rpartition("@")[2], wanted, exposed_port=port)


async def _run_release_command(ctx: Context, release: Release) -> None:
    delivered = await delivery(ctx.platform, release)
    workload = release_command_workload(ctx.service, ctx.deployment, release, ctx.platform.settings, delivered)
    ctx.log(f"-----> Running the release command: {release.release_command}")
    await give_files(ctx.platform, ctx.service, release, [workload.name])
    engine, timeout = ctx.platform.engine, release.settings.release_timeout
    log = await masked_log(ctx.platform, ctx.service, lambda line: ctx.log(f"       {line}"))
    code = await engine.run(workload, log, timeout)
    await engine.stop(workload.name, 0)
    if code != 0:
        raise ReleaseCommandFailed(
            f"The release command ended with exit code {code}: {release.release_command}",
            hint="Its output is above. Nothing was started; what was live before serves on.",
        )
