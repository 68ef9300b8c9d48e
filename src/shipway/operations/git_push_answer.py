"""The answer to a push: what git said, what becomes of it, the deployment as it happens, and the report at the very end."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from shipway.domain import pkt_line
from shipway.domain.deployment import Deployment
from shipway.domain.errors import ShipwayError
from shipway.domain.git_push import GitPush, Report, of_branch, refused, remarks
from shipway.domain.pkt_line import PushHead
from shipway.domain.service import Service
from shipway.domain.source import PushSource
from shipway.operations import git_push_voice as voice
from shipway.operations import git_pushes
from shipway.operations.access import Actor
from shipway.pipeline import topics
from shipway.pipeline.platform import Platform
from shipway.store import deployments

#: Seconds of silence after which a sign of life is sent.
_BEAT = 5.0
_DAY = 24 * 3600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a push goes."""

    service: Service
    #: With all that it leaves open decided.
    source: PushSource


@dataclass(frozen=True, slots=True)
class Taken:
    """A push that git has received, decided and recorded."""

    report: Report
    words: str
    #: Of the branch that is deployed, where it was pushed and taken.
    push: GitPush | None


async def answer(
    platform: Platform, actor: Actor, target: Target, head: PushHead, taking: asyncio.Task[Taken]
) -> AsyncGenerator[bytes, None]:
    """Everything that is told, the report last: git's client believes that."""
    while not taking.done():
        await asyncio.wait({taking}, timeout=_BEAT)
        if head.has_bands:
            yield pkt_line.KEEP_ALIVE
    try:
        taken = taking.result()
    except ShipwayError as error:
        yield _words(head, voice.problem(error))
        yield pkt_line.reported(refused(head.updates, "refused by Shipway"), head)
        return
    report = taken.report
    yield _words(head, [line for line in (taken.words.rstrip("\n"),) if line])
    yield _words(head, remarks(head.updates, report, target.source.branch))
    if taken.push:
        async with aclosing(_deploying(platform, actor, target, head, taken.push)) as telling:
            async for each in telling:
                if isinstance(each, bytes):
                    yield each
                else:
                    report = await _judged(platform, target, head, report, each)
    yield pkt_line.reported(report, head)


async def _deploying(
    platform: Platform, actor: Actor, target: Target, head: PushHead, push: GitPush
) -> AsyncGenerator[bytes | Deployment, None]:
    """What is told of the deployment, and last, where it was waited for, the deployment."""
    service, source = target.service, target.source
    if push.deployment_id is None:
        yield _words(head, voice.undeployed(push, service))
        return
    async with platform.database.read() as tx:
        made = await deployments.get(tx, push.deployment_id)
    yield _words(head, [voice.queued(made, push, service)])
    waits = source.fail_push or (source.follow and head.has_bands)
    if not waits:
        yield _words(head, [f"       It goes on by itself: `shipway status {service.path}`"])
        return
    url = platform.settings.app_url(service.hosts[0]) if service.hosts else ""
    ended = None
    async with aclosing(_paced(platform, voice.followed(platform, actor, made.id))) as news:
        async for each in news:
            if isinstance(each, Deployment):
                ended = each
            elif head.has_bands:
                yield pkt_line.KEEP_ALIVE if each is None else _words(head, [each])
    if ended is None:
        yield _words(
            head, [f"!     Shipway stops here for now; d{made.number} goes on: `shipway status {service.path}`"]
        )
        return
    yield _words(head, voice.ended(ended, service, url))
    yield ended


async def _judged(platform: Platform, target: Target, head: PushHead, report: Report, ended: Deployment) -> Report:
    """The report once the deployment is over. A push that fails with it moves its branch back, to be pushed again."""
    update = of_branch(head.updates, target.source.branch)
    failed = ended.state in ("failed", "cancelled") and not ended.live_at
    if not target.source.fail_push or not failed or update is None:
        return report
    repositories = git_pushes.repositories_of(platform)
    async with repositories.deciding(target.service.id):
        await repositories.put_back(target.service.id, update.ref, update.new, update.old)
    return report.failing(update.ref, f"d{ended.number} {ended.state}")


async def _paced(platform: Platform, items: AsyncGenerator[T, None]) -> AsyncGenerator[T | None, None]:
    """The items, and `None` where none came for a while. Ends early when the server closes."""
    with platform.signals.subscribe(topics.CLOSING) as closing:
        following = asyncio.ensure_future(_next(items))
        ending = asyncio.ensure_future(closing.wait(_DAY))
        try:
            while not ending.done():
                await asyncio.wait({following, ending}, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    yield None
                    continue
                found = following.result()
                if not found:
                    return
                yield found[0]
                following = asyncio.ensure_future(_next(items))
        finally:
            for each in (following, ending):
                each.cancel()
            await asyncio.gather(following, ending, return_exceptions=True)
            await items.aclose()


async def _next(items: AsyncGenerator[T, None]) -> list[T]:
    """The next of them, or nothing."""
    async for each in items:
        return [each]
    return []


def _words(head: PushHead, lines: Iterable[str]) -> bytes:
    return b"".join(pkt_line.words(f"{line}\n") for line in lines) if head.has_bands else b""
