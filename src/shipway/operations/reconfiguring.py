"""Today's config for the code that is live, and no newer code: what follows a change of config (decision 25)."""

from dataclasses import replace

from shipway.domain.artifacts import Image
from shipway.domain.deployment import Deployment
from shipway.domain.names import ServicePath
from shipway.domain.plan import Plan
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.source import Revision, UploadSource
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.deployments import last_upload
from shipway.operations.looking import look
from shipway.operations.planning import live_release, plan_deploy, planned
from shipway.operations.queueing import ask, give_up_same
from shipway.pipeline import topics
from shipway.pipeline.build_inputs import outdated
from shipway.pipeline.platform import Platform
from shipway.pipeline.reconfigured import rebuildable, reconfigured
from shipway.store import services
from shipway.store.database import Tx


async def reconfigure(
    platform: Platform, actor: Actor, path: ServicePath, *, zero_downtime: bool = False
) -> Deployment:
    """Bring what is live to today's config: its image in a new release, or where that is not of today's build-time vars and
    build secrets, its revision built again; `built_for` names these. Where nothing is live, the source is deployed.

    What is live is looked up when the deployment's turn comes, so what waits before it stays in the queue. Raises `Conflict`
    where an image would have to be built again and can't be."""
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        made = await reconfigure_in(tx, platform, actor, service, zero_downtime=zero_downtime)
    platform.signals.notify(topics.QUEUE)
    return made


async def reconfigure_in(
    tx: Tx, platform: Platform, actor: Actor, service: Service, *, zero_downtime: bool = False
) -> Deployment:
    """The same in a transaction of the caller's, who tells the worker."""
    if service.live_deployment_id is None:
        revision = await last_upload(tx, service) if isinstance(service.source, UploadSource) else Revision()
        return await ask(tx, platform, actor, service, "deploy", revision=revision, zero_downtime=zero_downtime)
    # One that waits already would do no more than this one.
    await give_up_same(tx, service, "reconfigure")
    return await ask(tx, platform, actor, service, "reconfigure", policy="wait", zero_downtime=zero_downtime)


async def plan_reconfigure(platform: Platform, actor: Actor, path: ServicePath, *, zero_downtime: bool = False) -> Plan:
    """What that would do now. Raises as it does."""
    await look(platform, actor, path.home)
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        live = await live_release(tx, service)
        names = await outdated(tx, service, live) if live else ()
        number = await services.last_number(tx, service.id, "release") + 1
        wanted = await reconfigured(tx, service, live, number=number) if live else None
    if live is None or wanted is None:
        return await plan_deploy(platform, actor, path, zero_downtime=zero_downtime)
    if not names:
        return await planned(platform, service, wanted, "reconfigure", zero_downtime=zero_downtime)
    rebuildable(service, live, names)
    made = await planned(platform, service, _built(wanted, number), "reconfigure", zero_downtime=zero_downtime)
    told = f"What is live, v{live.number}, is built again: its image has not today's {', '.join(names)}."
    return replace(made, warnings=(*made.warnings, told))


def _built(wanted: Release, number: int) -> Release:
    return replace(wanted, id="", number=number, image=Image("", "", "a new build"), image_from=None)
