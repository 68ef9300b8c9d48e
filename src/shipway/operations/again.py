"""What was deployed once more: what is live, or what failed (S8.3). Always with today's config."""

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict
from shipway.domain.names import ServicePath
from shipway.domain.service import Service
from shipway.domain.source import Revision
from shipway.operations import access, promotion
from shipway.operations.access import Actor
from shipway.operations.deployments import deploy
from shipway.operations.planning import live_release
from shipway.operations.queueing import QueuePolicy, ask
from shipway.operations.reconfiguring import reconfigure_in
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.pipeline.revisions import pinned, revision_of
from shipway.store.database import Tx


async def redeploy(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    *,
    ref: str = "",
    policy: QueuePolicy = "supersede",
    zero_downtime: bool = False,
) -> Deployment:
    """Deploy the very revision of the live release, or another git `ref`. Raises `Conflict` when nothing is live, or when
    what is was not made of the service's own source."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        live = await live_release(tx, service)
    if live is None:
        raise Conflict(f"{path} has nothing live.", hint="Deploy it first: `shipway deploy`.")
    revision = Revision(ref=ref) if ref else revision_of(service, live)
    return await deploy(platform, actor, path, revision=revision, policy=policy, zero_downtime=zero_downtime)


async def retry(platform: Platform, actor: Actor, deployment_id: str) -> Deployment:
    """A deployment that failed or was cancelled once more: the same commit, release or restart, under the same condition.
    Raises `Conflict` for any other."""
    async with platform.database.write() as tx:
        known, service = await access.deployment(tx, actor, deployment_id)
        await _check(tx, actor, known, service)
        made = await _retry(tx, platform, actor, known, service)
    platform.signals.notify(topics.QUEUE)
    return made


async def _retry(tx: Tx, platform: Platform, actor: Actor, known: Deployment, service: Service) -> Deployment:
    if known.action == "reconfigure":
        # Of what is live by now, as it would have been then.
        return await reconfigure_in(tx, platform, actor, service, zero_downtime=known.zero_downtime)
    return await ask(
        tx,
        platform,
        actor,
        service,
        known.action,
        # A restart or scaling never was in the way of a new deployment that waits.
        policy="supersede" if known.makes_release or known.action == "rollback" else "wait",
        revision=await pinned(tx, service.source, known),
        release_id=known.release_id if known.action == "rollback" and not known.image_from else None,
        image_from=known.image_from,
        zero_downtime=known.zero_downtime,
    )


async def _check(tx: Tx, actor: Actor, known: Deployment, service: Service) -> None:
    if known.state not in ("failed", "cancelled"):
        raise Conflict(
            f"d{known.number} is {known.state}; only a deployment that failed can be retried.",
            hint="`shipway redeploy` deploys what is live once more.",
        )
    if known.action == "promote" and (origin := known.image_from):
        # Whether that image is one for this service is to be seen again: its config may have changed since.
        source = ServicePath.parse(origin.service)
        await promotion.check_promotion(tx, actor, source, service.path, origin.number)
