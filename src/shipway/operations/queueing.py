"""Putting a deployment into the queue: deployment and queue row in one transaction, neither is ever without the other."""

from typing import Literal

from shipway.domain.clock import now
from shipway.domain.deployment import Action, Deployment
from shipway.domain.origin import ImageOrigin
from shipway.domain.rebuild import Rebuild
from shipway.domain.service import Service
from shipway.domain.source import Revision
from shipway.operations.access import Actor
from shipway.operations.images import refuse_pruned
from shipway.operations.rebuilding import rebuild_of
from shipway.pipeline import topics
from shipway.pipeline.build_inputs import outdated
from shipway.pipeline.platform import Platform
from shipway.pipeline.reconfigured import find_live, rebuildable
from shipway.store import deployments, queue, releases, services
from shipway.store.database import Tx

QueuePolicy = Literal["supersede", "wait"]


async def enqueue(
    tx: Tx,
    service: Service,
    action: Action,
    *,
    trigger: str,
    actor: str,
    revision: Revision | None = None,
    release_id: str | None = None,
    image_from: ImageOrigin | None = None,
    zero_downtime: bool = False,
) -> Deployment:
    """A queued deployment. Tell the worker when the transaction is over: `signals.notify(topics.QUEUE)`. A rollback, whoever
    asked for it, holds what would be deployed by itself: the next push would bring back what somebody went back from.
    A rollback builds an image that is gone again. Raises `ImagePruned` where it can't, and for all else that needs one that
    is gone; from here on, one that is there stays."""
    rebuild = None
    if base := image_from.release_id if image_from else release_id:
        rebuild = await _image_of(tx, service, action, base)
    built_for = await _built_for(tx, service) if action == "reconfigure" else ()
    made = await deployments.create(
        tx,
        service.id,
        action,
        trigger=trigger,
        actor=actor,
        revision=revision or Revision(),
        release_id=release_id,
        image_from=image_from,
        rebuild=rebuild,
        built_for=built_for,
        zero_downtime=zero_downtime,
    )
    if action == "rollback":
        to = image_from.number if image_from else made.release_number
        await services.hold(tx, service.id, f"d{made.number} rolled back to v{to}, by {actor}")
    await queue.enqueue(tx, made.id, service.id)
    return made


async def _image_of(tx: Tx, service: Service, action: Action, release_id: str) -> Rebuild | None:
    """How it is to be had again; `None` where it is there."""
    if action != "rollback":
        await refuse_pruned(tx, release_id)
        return None
    release = await releases.find(tx, release_id)
    return await rebuild_of(tx, service, release) if release else None


async def _built_for(tx: Tx, service: Service) -> tuple[str, ...]:
    """What the live image would not follow, as far as it is known now. Raises `Conflict` where it can't be built again."""
    live = await find_live(tx, service.id)
    names = await outdated(tx, service, live) if live else ()
    if live and names:
        rebuildable(service, live, names)
    return names


async def ask(
    tx: Tx,
    platform: Platform,
    actor: Actor,
    service: Service,
    action: Action,
    *,
    policy: QueuePolicy = "supersede",
    revision: Revision | None = None,
    release_id: str | None = None,
    image_from: ImageOrigin | None = None,
    zero_downtime: bool = False,
) -> Deployment:
    """The same for somebody who asks: what waits already gives way to it, or goes first. The caller tells the worker."""
    if policy == "supersede":
        await give_up_older(tx, platform, service)
    return await enqueue(
        tx,
        service,
        action,
        trigger=actor.door,
        actor=actor.user.name,
        revision=revision,
        release_id=release_id,
        image_from=image_from,
        zero_downtime=zero_downtime,
    )


async def give_up_older(tx: Tx, platform: Platform, service: Service) -> None:
    """The newest wins (S2.6): those that wait in the queue are superseded, and one that is ready and waits for somebody's
    word is cancelled."""
    for waiting in await queue.queued(tx, service.id):
        await deployments.mark(tx, waiting, "superseded", finished_at=now())
        await queue.done(tx, waiting)
    for known in await deployments.unfinished(tx, service.id):
        if known.state == "ready":
            await deployments.mark(tx, known.id, cancel_requested=True)
            platform.signals.notify(topics.cancel(known.id))


async def give_up_same(tx: Tx, service: Service, action: Action) -> None:
    """Those that wait in the queue to do just this are superseded, for one that does it as well."""
    for waiting in await queue.queued(tx, service.id):
        if (await deployments.get(tx, waiting)).action == action:
            await deployments.mark(tx, waiting, "superseded", finished_at=now())
            await queue.done(tx, waiting)
