"""What becomes of a push of the branch that a service deploys: decided once, by whoever gets to it, also over a crash.

It is written down before the branch moves, and decided in the transaction that makes its deployment (decision 28). Whoever
pushed hears that it was taken only after that. What was left undecided when Shipway died is decided at its next start.
"""

from datetime import timedelta
from typing import Protocol, runtime_checkable

from shipway.domain.clock import now
from shipway.domain.errors import Conflict, Invalid, NotFound
from shipway.domain.git_push import GitPush
from shipway.domain.service import Service
from shipway.domain.source import PushSource, Revision
from shipway.operations.access import Actor
from shipway.operations.queueing import enqueue, give_up_older
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.pipeline.pushed import pushed_source
from shipway.sources.repositories import Repositories
from shipway.store import git_pushes as store
from shipway.store import services
from shipway.store.database import Tx

#: By which way such a deployment was asked for.
TRIGGER = "git-push"
#: A push that has not moved its branch by then never will.
_LONGEST = timedelta(hours=1, minutes=5)


@runtime_checkable
class TakesPushes(Protocol):
    """Sources that can be pushed to."""

    @property
    def repositories(self) -> Repositories:
        """Where pushes go."""


def repositories_of(platform: Platform) -> Repositories:
    """Raises `Conflict` where there are none."""
    if not isinstance(platform.sources, TakesPushes):
        raise Conflict("This installation takes no pushes.", hint="Deploy from git, by upload or from an image.")
    return platform.sources.repositories


async def check_pushed(tx: Tx, service: Service) -> None:
    """Raises `Invalid` for a service that waits for its first push."""
    if isinstance(service.source, PushSource) and not await store.any_of(tx, service.id):
        branch = (await pushed_source(tx, service, service.source)).branch
        raise Invalid(
            f"Nothing was pushed to {service.path} yet.",
            hint=f"In the app's directory: `shipway git remote {service.path}`, then `git push shipway {branch}`.",
        )


async def announce(platform: Platform, actor: Actor, service_id: str, branch: str, commit: str) -> GitPush:
    """Write down a push that is about to be received."""
    async with platform.database.write() as tx:
        return await store.announce(tx, service_id, branch, commit, actor.user.name)


async def settle(platform: Platform, push: GitPush) -> GitPush:
    """Decide a push that has arrived, and ask for its deployment; what is decided already stays so.

    What counts is what the branch leads to now: of two pushes at once the one that moved it last is deployed.
    Raises `NotFound` when the service is gone.
    """
    repositories = repositories_of(platform)
    async with repositories.deciding(push.service_id):
        tip = await repositories.tip(push.service_id, push.branch)
        async with platform.database.write() as tx:
            decided = await _decide(tx, platform, push, tip)
    platform.signals.notify(topics.QUEUE)
    return decided


async def refuse(platform: Platform, push: GitPush, reason: str) -> None:
    """Record that git did not take it."""
    async with platform.database.write() as tx:
        await store.decide(tx, push.id, "refused", reason=reason)


async def settle_left(platform: Platform) -> None:
    """Decide what nobody decided: Shipway died between a push and its deployment, or the database was away."""
    async with platform.database.read() as tx:
        left = await store.undecided(tx)
    for push in left:
        if await repositories_of(platform).tip(push.service_id, push.branch) == push.commit:
            await settle(platform, push)
        elif now() - push.created_at > _LONGEST:
            async with platform.database.write() as tx:
                await store.decide(tx, push.id, "lost", reason="it broke off before the branch moved")


async def _decide(tx: Tx, platform: Platform, push: GitPush, tip: str) -> GitPush:
    present = await store.get(tx, push.id)
    if present is None:
        raise NotFound("The service was deleted meanwhile.")
    if present.outcome != "open":
        return present
    service = await services.get(tx, push.service_id)
    if service.deleting:
        decided = await store.decide(tx, push.id, "refused", reason="the service is being deleted")
    elif tip != push.commit:
        decided = await store.decide(tx, push.id, "overtaken", reason=f"{push.branch} was pushed again meanwhile")
    elif service.held or not service.following.on:
        decided = await store.decide(tx, push.id, "held", reason=service.held or "they are switched off")
    else:
        await give_up_older(tx, platform, service)
        revision = Revision(ref=push.commit)
        made = await enqueue(tx, service, "deploy", trigger=TRIGGER, actor=push.actor, revision=revision)
        decided = await store.decide(tx, push.id, "deployed", deployment_id=made.id)
    return decided or present
