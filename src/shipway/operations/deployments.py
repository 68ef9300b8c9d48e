"""Deployments: ask for one, go back, promote, cancel. `history.py` looks at them."""

from shipway.domain.clock import now
from shipway.domain.deployment import POINT_OF_NO_RETURN, UNFINISHED, Action, Deployment
from shipway.domain.errors import Conflict, Invalid, WouldBin
from shipway.domain.names import ServicePath
from shipway.domain.origin import ImageOrigin
from shipway.domain.service import Service
from shipway.domain.source import ImageSource, Revision, UploadSource
from shipway.domain.volume import Place
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.git_pushes import check_pushed
from shipway.operations.planning import ConfigMode, check_counts, earlier_release, plan_scale
from shipway.operations.queueing import QueuePolicy, ask
from shipway.operations.volumes import would_bin
from shipway.pipeline import topics
from shipway.pipeline.images import refuse_foreign_image
from shipway.pipeline.platform import Platform
from shipway.pipeline.revisions import UPLOAD
from shipway.store import deployments, journal, queue, services
from shipway.store.database import Tx


async def deploy(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    revision: Revision | None = None,
    policy: QueuePolicy = "supersede",
    zero_downtime: bool = False,
) -> Deployment:
    """Ask for a deployment of the service's source with today's config. It is queued when this returns. `zero_downtime`:
    it is to fail, before anything changes, rather than to interrupt the service."""
    wanted = revision or Revision()
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        _check_revision(platform, service, wanted)
        if isinstance(service.source, UploadSource) and not wanted.upload:
            wanted = await last_upload(tx, service)
        if not wanted.ref:
            await check_pushed(tx, service)
        made = await ask(
            tx, platform, actor, service, "deploy", revision=wanted, policy=policy, zero_downtime=zero_downtime
        )
    platform.signals.notify(topics.QUEUE)
    return made


async def rollback(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    version: int | None = None,
    config: ConfigMode = "snapshot",
    policy: QueuePolicy = "supersede",
    zero_downtime: bool = False,
) -> Deployment:
    """Make release `version` live again, itself: same digest, same config. Without one: the last that was live before.

    `config="current"` makes a new release of its image with today's config instead. Either holds what would be deployed
    by itself, until that is resumed (`operations/hold.py`).
    """
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        release = await earlier_release(tx, service, version)
        itself = config == "snapshot"
        made = await ask(
            tx,
            platform,
            actor,
            service,
            "rollback",
            release_id=release.id if itself else None,
            image_from=None if itself else ImageOrigin(release.id, str(path), release.number),
            policy=policy,
            zero_downtime=zero_downtime,
        )
    platform.signals.notify(topics.QUEUE)
    return made


async def restart(platform: Platform, actor: Actor, path: ServicePath) -> Deployment:
    """New instances of the release that is live, one for one, without a gap."""
    return await _again(platform, actor, path, "restart")


async def scale(
    platform: Platform, actor: Actor, path: ServicePath, counts: dict[str, int], *, bins: bool = False
) -> Deployment | None:
    """Set how many instances of each process type run. Returns the deployment that does it, `None` when nothing is live:
    the next deployment starts as many. Raises `NoRoom`, with what is free, when the machine is too small for them;
    `WouldBin`, with which, when volumes go into the bin by it and `bins` does not say that they may."""
    check_counts(counts)
    await plan_scale(platform, actor, path, counts)
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        if not bins:
            _refuse_to_bin(platform, await would_bin(tx, service, counts))
        await services.change(tx, service.id, scale=service.scale | counts)
        if service.live_deployment_id is None:
            return None
    return await _again(platform, actor, path, "scale")


async def promote(platform: Platform, actor: Actor, deployment_id: str) -> Deployment:
    """Send a deployment that is ready its traffic. Raises `Conflict` for one that does not wait for that."""
    async with platform.database.write() as tx:
        deployment, _ = await access.deployment(tx, actor, deployment_id)
        if deployment.state != "ready":
            raise Conflict(
                f"d{deployment.number} is {deployment.state}; only a deployment that is ready can be promoted.",
                hint="`shipway status` says where it is. A blue-green deployment whose promotion is manual gets ready.",
            )
        await deployments.mark(tx, deployment_id, promote_requested=True)
        promoted = await deployments.get(tx, deployment_id)
    platform.signals.notify(topics.promotion(deployment_id))
    return promoted


async def cancel(platform: Platform, actor: Actor, deployment_id: str) -> Deployment:
    """Stop a deployment before traffic moves. Raises `Conflict` once it has moved, or when it is over."""
    async with platform.database.write() as tx:
        deployment, _ = await access.deployment(tx, actor, deployment_id)
        if deployment.state not in UNFINISHED:
            raise Conflict(
                f"Deployment d{deployment.number} is {deployment.state}; there is nothing to cancel.",
                hint="To undo what is live, roll back: `shipway rollback`." if deployment.state == "live" else "",
            )
        if await journal.recorded(tx, deployment_id, POINT_OF_NO_RETURN):
            raise Conflict(
                f"The traffic of d{deployment.number} is moving already.",
                hint="Roll back when it is live: `shipway rollback`.",
            )
        if deployment_id in await queue.queued(tx, deployment.service_id):
            await deployments.mark(tx, deployment_id, "cancelled", finished_at=now())
            await queue.done(tx, deployment_id)
        else:
            await deployments.mark(tx, deployment_id, cancel_requested=True)
        cancelled = await deployments.get(tx, deployment_id)
    for topic in (topics.cancel(deployment_id), deployment_id):
        platform.signals.notify(topic)
    return cancelled


async def _again(platform: Platform, actor: Actor, path: ServicePath, action: Action) -> Deployment:
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        if service.live_deployment_id is None:
            raise Conflict(f"{path} has nothing live.", hint="Deploy it first: `shipway deploy`.")
        # Which release that is, is decided when it runs; and a new deploy that waits already stays in the queue.
        made = await ask(tx, platform, actor, service, action, policy="wait")
    platform.signals.notify(topics.QUEUE)
    return made


def _refuse_to_bin(platform: Platform, places: list[Place]) -> None:
    if places:
        days = platform.settings.volume_bin_days
        raise WouldBin(
            f"This puts volumes into the bin, and {days} days later removes them: {', '.join(map(str, places))}.",
            hint="Confirm it with --yes. Until they are removed, `shipway volumes restore` brings them back.",
        )


def _check_revision(platform: Platform, service: Service, wanted: Revision) -> None:
    source = service.source
    if wanted.upload and not isinstance(source, UploadSource):
        raise Invalid(
            f"{service.path} is not deployed from uploads.", hint="Its source is set; deploy without a directory."
        )
    if wanted.upload and not UPLOAD.fullmatch(wanted.upload):
        raise Invalid("An upload is named by its SHA-256.", hint="Use the digest that POST /uploads returned.")
    if wanted.image and not isinstance(source, ImageSource):
        raise Invalid(f"{service.path} is not deployed from an image.", hint="Leave --image away.")
    if wanted.image:
        refuse_foreign_image(platform, service.path, wanted.image)
    if wanted.ref and isinstance(source, (UploadSource, ImageSource)):
        raise Invalid(f"{service.path} is not deployed from git; a ref means nothing to it.", hint="Leave --ref away.")


async def last_upload(tx: Tx, service: Service) -> Revision:
    """A redeploy of uploaded source takes what was uploaded last. Raises `Invalid` when nothing was."""
    for known in await deployments.of_service(tx, service.id, limit=200):
        if known.revision.upload:
            return known.revision
    raise Invalid(
        f"Nothing was uploaded to {service.path} yet.", hint="Run `shipway deploy` in the directory you want to deploy."
    )
