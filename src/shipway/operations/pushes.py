"""Pushes: what a code host tells becomes deployments, once and in the transaction that records it (S2.3, decision 29)."""

import asyncio
from dataclasses import dataclass, field

from shipway.domain.errors import NotFound, Unauthenticated
from shipway.domain.following import Following
from shipway.domain.push import CodeHost, Push, Told, newest
from shipway.domain.service import Service
from shipway.domain.source import GitSource, Revision
from shipway.domain.webhook import Delivery, Outcome, Webhook
from shipway.operations.following import touches
from shipway.operations.queueing import enqueue, give_up_older
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.sources.hosts import HOSTS, Delivered
from shipway.sources.hosts.host import identity, read_pushes, shown
from shipway.store import deployments, services, tenancy, webhooks
from shipway.store.database import Tx
from shipway.store.sealing import sealer

#: A delivery bigger than this is read beside the event loop.
_SMALL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """A webhook with what its deliveries are to be signed with."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery that was told, with what came of it: now, or when it was told the first time."""

    delivery: Delivery
    again: bool


async def find_door(platform: Platform, webhook_id: str) -> Door:
    """The webhook at a URL, before anything is read of what arrives there. Raises `NotFound`."""
    async with platform.database.read() as tx:
        found = await webhooks.opened(tx, webhook_id, await sealer(tx, platform.settings.home))
    if found is None:
        raise NotFound("There is no such webhook.", hint="`shipway webhooks` lists the URLs that there are.")
    return Door(*found)


async def receive(platform: Platform, door: Door, delivered: Delivered) -> Received:
    """Deploy what follows from a delivery. When this returns, delivery, outcomes and deployments are recorded; when it
    raises, none of them. Raises `Unauthenticated` where the secret is another, `Invalid` where it can't be read."""
    host = HOSTS[door.webhook.kind]
    if not host.verify(delivered, door.secret):
        raise Unauthenticated(
            "The delivery is not signed with this webhook's secret.",
            hint="Give the code host the secret that `shipway webhooks create` printed, or create another webhook.",
        )
    # A big one takes long enough to read to be felt by everybody else.
    small = len(delivered.body) <= _SMALL
    pushes = read_pushes(host, delivered) if small else await asyncio.to_thread(read_pushes, host, delivered)
    return await _record(platform, door.webhook, delivered, pushes)


async def _record(platform: Platform, webhook: Webhook, delivered: Delivered, pushes: tuple[Push, ...]) -> Received:
    host = HOSTS[webhook.kind]
    known_by = identity(host, delivered)
    async with platform.database.write() as tx:
        about = ", ".join(map(_about, pushes))
        new = await webhooks.record(tx, webhook.id, known_by, delivered.header(host.event), about)
        if new is None:
            return Received(await webhooks.known(tx, webhook.id, known_by), again=True)
        for push in pushes:
            await _tell(tx, platform, webhook, new, push)
        if not pushes:
            await webhooks.decide(tx, new, Outcome("", "skipped", "it tells of no push"))
        made = await webhooks.get(tx, new)
    platform.signals.notify(topics.QUEUE)
    return Received(made, again=False)


async def _tell(tx: Tx, platform: Platform, webhook: Webhook, delivery_id: str, push: Push) -> None:
    """Each service that has the repository decides; where none has, that is what came of it."""
    having = await services.having(tx, webhook.workspace_id, push.repositories)
    for service in having:
        branch = await _branch(tx, service, push)
        if why := refusal(service, branch, push):
            outcome, commit = Outcome(str(service.path), "skipped", why), ""
        else:
            outcome, commit = await _deploy(tx, platform, webhook.kind, service, push)
        await webhooks.decide(tx, delivery_id, outcome, service_id=service.id, push=push, commit=commit)
    if not having:
        known = push.repositories[0] if push.repositories else "an unnamed repository"
        why = f"no service of the workspace is deployed from {known}"
        await webhooks.decide(tx, delivery_id, Outcome("", "skipped", why), push=push)


def refusal(service: Service, branch: str, push: Push) -> str:
    """Why a service that deploys `branch` is not deployed by a push; empty when it is."""
    following = service.following
    reasons = (
        (push.kind == "tag", f"{push.name} is a tag; branches are followed"),
        (not following.on, "automatic deployments are off; `shipway auto-deploy on` turns them on"),
        (push.name != branch, f"it follows {branch}, not {push.name}"),
        (not push.after, f"{push.name} was deleted"),
        (bool(push.skips), f"the commit says {push.skips}"),
        (not _counts(following, push), f"it touches nothing of {', '.join(following.paths)}"),
    )
    return next((why for holds, why in reasons if holds), "")


async def _deploy(tx: Tx, platform: Platform, kind: CodeHost, service: Service, push: Push) -> tuple[Outcome, str]:
    """Deploy the newest of what was told, unless it is already; and the commit that the deployment is of."""
    path = str(service.path)
    if service.held:
        return Outcome(
            path, "held", f"held: {service.held}; `shipway auto-deploy resume` goes on with the next push"
        ), ""
    told = await webhooks.told(tx, service.id, push.name)
    # Its own number is not known yet: it is the last one.
    this = Told(told[0].number + 1 if told else 1, push.before, push.after)
    first = newest([this, *told])
    commit, deployment_id = await webhooks.last_deployed(tx, service.id, push.name)
    if commit == first.after:
        last = await deployments.get(tx, deployment_id)
        overtaken = "" if first is this else f"{first.after[:7]} was pushed after it: "
        return Outcome(path, "overtaken", f"{overtaken}d{last.number} is of {commit[:7]} already", deployment_id), ""
    await give_up_older(tx, platform, service)
    made = await enqueue(
        tx, service, "deploy", trigger=kind, actor=shown(push.by) or kind, revision=Revision(ref=first.after)
    )
    late = "" if first is this else f" of {first.after[:7]}, which was pushed after it"
    return Outcome(path, "deployed", f"d{made.number}{late}", made.id), first.after


async def _branch(tx: Tx, service: Service, push: Push) -> str:
    """The one that a service follows; what its deployments take which name none."""
    own = service.source.ref if isinstance(service.source, GitSource) else ""
    return (
        service.following.branch
        or own
        or await tenancy.branch_of(tx, service.environment_id)
        or push.default_branch
        or push.name
    )


def _counts(following: Following, push: Push) -> bool:
    return not following.paths or push.files is None or touches(following.paths, push.files)


def _about(push: Push) -> str:
    to = push.after[:7] or "deleted"
    return shown(f"{push.name} → {to}" + (f" by {push.by}" if push.by else ""))
