"""Promotion (S8.4): a release of one environment goes live in another, the same image with that one's config and settings.

The image stays where it was built, in the repository of its own service: an engine is given a pull credential for exactly the
repository that an image's name says, so the other service needs none of its own. That holds within a workspace; across
workspaces it would hand out images that one may not see, and is refused.
"""

from shipway.domain.deployment import Deployment
from shipway.domain.errors import Conflict, Invalid, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.origin import ImageOrigin
from shipway.domain.plan import Plan
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.source import Revision
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.images import refuse_pruned
from shipway.operations.looking import look
from shipway.operations.planning import live_release, numbered_release, plan_deploy, planned
from shipway.operations.queueing import QueuePolicy, ask
from shipway.pipeline import topics
from shipway.pipeline.build_inputs import build_arguments, built_with, different
from shipway.pipeline.derived import derived
from shipway.pipeline.platform import Platform
from shipway.pipeline.revisions import revision_of
from shipway.pipeline.snapshot import snapshot
from shipway.store import services
from shipway.store.database import Tx


async def promote_release(
    platform: Platform,
    actor: Actor,
    source: ServicePath,
    target: ServicePath,
    *,
    version: int | None = None,
    rebuild: bool = False,
    policy: QueuePolicy = "supersede",
    zero_downtime: bool = False,
) -> Deployment:
    """Make release `version` of `source`, by default its live one, live in `target`. `rebuild` builds its commit there
    instead of taking its image. Raises `Conflict` when nothing is live, or when the image would have been built otherwise
    for `target`; `Invalid` across workspaces."""
    async with platform.database.write() as tx:
        release, service = await check_promotion(tx, actor, source, target, version, rebuild=rebuild)
        made = await ask(
            tx,
            platform,
            actor,
            service,
            "deploy" if rebuild else "promote",
            policy=policy,
            revision=revision_of(service, release) if rebuild else Revision(),
            image_from=None if rebuild else ImageOrigin(release.id, str(source), release.number),
            zero_downtime=zero_downtime,
        )
    platform.signals.notify(topics.QUEUE)
    return made


async def plan_promotion(
    platform: Platform,
    actor: Actor,
    source: ServicePath,
    target: ServicePath,
    *,
    version: int | None = None,
    rebuild: bool = False,
    zero_downtime: bool = False,
) -> Plan:
    """What that would do. Raises as it does."""
    await look(platform, actor, target.home)
    async with platform.database.read() as tx:
        release, service = await check_promotion(tx, actor, source, target, version, rebuild=rebuild)
        number = await services.last_number(tx, service.id, "release") + 1
        given = await snapshot(tx, service)
    if rebuild:
        revision_of(service, release)
        return await plan_deploy(platform, actor, target, zero_downtime=zero_downtime)
    origin = ImageOrigin(release.id, str(source), release.number)
    wanted = derived(service, release, origin, given, number=number)
    return await planned(platform, service, wanted, "promote", zero_downtime=zero_downtime)


async def check_promotion(
    tx: Tx, actor: Actor, source: ServicePath, target: ServicePath, version: int | None, *, rebuild: bool = False
) -> tuple[Release, Service]:
    """The release to promote, and the service that gets it. Raises as `promote_release` does."""
    origin, service = await access.service(tx, actor, source), await _target(tx, actor, source, target)
    if origin.id == service.id:
        raise Invalid(
            f"{source} can't be promoted to itself.", hint="To bring back one of its own releases: `shipway rollback`."
        )
    if origin.workspace_id != service.workspace_id:
        raise Invalid(
            f"{source} and {target} are in different workspaces.",
            hint="A release is promoted within one workspace. Deploy the code there instead.",
        )
    release = await numbered_release(tx, origin, version) if version else await live_release(tx, origin)
    if release is None:
        raise Conflict(f"{source} has nothing live.", hint="Name a release of it: --version N.")
    if not rebuild:
        await refuse_pruned(tx, release.id)
        await _refuse_another_build(tx, release, source, service)
    return release, service


async def _target(tx: Tx, actor: Actor, source: ServicePath, target: ServicePath) -> Service:
    try:
        return await access.service(tx, actor, target)
    except NotFound as error:
        raise NotFound(
            f"There is no service at {target}.",
            hint=f"`shipway services copy {source} {target}` makes it, with the source, settings and config of {source}.",
        ) from error


async def _refuse_another_build(tx: Tx, release: Release, source: ServicePath, target: Service) -> None:
    """What is built in can't be taken out again: an image is of the build-time vars that it was built with."""
    wanted = await build_arguments(tx, target)
    built = await built_with(tx, release) if release.image.build else wanted
    if differing := different(built, wanted):
        raise Conflict(
            f"v{release.number} of {source} was built with other build-time vars than {target.path} has: "
            f"{', '.join(differing)}.",
            hint="Make them the same and deploy there first, or build its commit anew in the target: --rebuild.",
        )
