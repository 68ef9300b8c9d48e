"""Putting a deployment into the queue: deployment and queue row in one transaction, neither is ever without the other."""

from shipway.domain.clock import now
from shipway.domain.deployment import Action, Deployment
from shipway.domain.service import Service
from shipway.domain.source import Revision
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.store import deployments, queue
from shipway.store.database import Tx


async def enqueue(
    tx: Tx,
    service: Service,
    action: Action,
    *,
    trigger: str,
    actor: str,
    revision: Revision | None = None,
    release_id: str | None = None,
    zero_downtime: bool = False,
) -> Deployment:
    """A queued deployment. Tell the worker when the transaction is over: `signals.notify(topics.QUEUE)`."""
    made = await deployments.create(
        tx,
        service.id,
        action,
        trigger=trigger,
        actor=actor,
        revision=revision or Revision(),
        release_id=release_id,
        zero_downtime=zero_downtime,
    )
    await queue.enqueue(tx, made.id, service.id)
    return made


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
