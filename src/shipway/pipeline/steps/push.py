"""push: the image into the built-in registry as `v{n}`, and from then on known by its digest."""

from shipway.domain.artifacts import Built, Image
from shipway.pipeline.context import Context
from shipway.store import builds


async def push(ctx: Context, built: Built) -> Image:
    """Push it. Raises `DeployFailed` (`push-denied`)."""
    platform, path = ctx.platform, ctx.path
    name = f"{path.project}/{path.environment}/{path.service}"
    repository = platform.registry.repository(path.workspace, name)
    credential = platform.registry.push_credential(path.workspace, name)
    reference = f"{repository}:v{built.number}"
    workspace = ctx.service.workspace_id
    digest = await platform.builder.push(built.local_tag, reference, credential, ctx.log, workspace=workspace)
    # What is run, compared and recorded is the image itself: the index around it names attestations, which tell the time.
    stored = await platform.registry.stored(path.workspace, name, digest)
    async with platform.database.write() as tx:
        await builds.pushed(tx, ctx.deployment.id, stored.digest, stored.size)
    ctx.log(f"-----> Pushed v{built.number} ({stored.digest[:19]})")
    return Image(
        f"{repository}@{stored.digest}", stored.digest, f"v{built.number}", built.number, revision=built.revision
    )
