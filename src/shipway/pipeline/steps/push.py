"""push: the image into the built-in registry as `v{n}`, and from then on known by its digest."""

from shipway.domain.artifacts import Built, Image
from shipway.pipeline.context import Context
from shipway.pipeline.images import image_name
from shipway.store import builds, images, release_marks


async def push(ctx: Context, built: Built) -> Image:
    """Push it. Raises `DeployFailed` (`push-denied`)."""
    platform, path = ctx.platform, ctx.path
    name = image_name(path)
    repository = platform.registry.repository(path.workspace, name)
    credential = platform.registry.push_credential(path.workspace, name)
    reference = f"{repository}:v{built.number}"
    workspace = ctx.service.workspace_id
    # Until it is known as this deployment's, one that is the same as an earlier one might just be pruned.
    async with platform.registry.held(path.workspace, name):
        digest = await platform.builder.push(built.local_tag, reference, credential, ctx.log, workspace=workspace)
        # What is run, compared and recorded is the image itself: the index around it names attestations, which tell the time.
        stored = await platform.registry.stored(path.workspace, name, digest)
        async with platform.database.write() as tx:
            await builds.pushed(tx, ctx.deployment.id, stored.digest, stored.size)
            await images.is_back(tx, ctx.service.id, stored.digest)
            await release_marks.is_back(tx, f"{repository}@{stored.digest}")
    ctx.log(f"-----> Pushed v{built.number} ({stored.digest[:19]})")
    return Image(
        f"{repository}@{stored.digest}", stored.digest, f"v{built.number}", built.number, revision=built.revision
    )
