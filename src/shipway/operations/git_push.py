"""`git push` to Shipway, by whichever door: git's bytes in, git's bytes out. HTTP and others only carry them.

git receives the pack and moves the refs; what it reports is held back until what becomes of the push is recorded, and, for
those who wait, until its deployment is over (decision 28). No hook is run for that, neither ours nor anybody's.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from shipway.domain import pkt_line
from shipway.domain.errors import Conflict, Invalid, LimitReached, NotFound, ShipwayError
from shipway.domain.git_push import GitPush, RefUpdate, faults, of_branch, refused
from shipway.domain.names import ServicePath
from shipway.domain.pkt_line import PushHead
from shipway.domain.service import Service
from shipway.domain.source import PushSource
from shipway.operations import access, git_pushes
from shipway.operations.access import Actor
from shipway.operations.git_push_answer import Taken, Target, answer
from shipway.pipeline.platform import Platform
from shipway.pipeline.pushed import pushed_source
from shipway.sources.repositories import GitService
from shipway.store import services
from shipway.store.database import Tx

#: Pushes that are being received: they are decided also when whoever pushed is gone.
_under_way: set[asyncio.Task["Taken"]] = set()


async def advertise(
    platform: Platform, actor: Actor, path: ServicePath, service: GitService, protocol: str = ""
) -> bytes:
    """The refs, told before a push or a fetch. Raises `NotFound`; `Conflict` for a service of another kind of source."""
    target = await _target(platform, actor, path)
    return await git_pushes.repositories_of(platform).advertise(target.service.id, service, protocol)


async def fetch(
    platform: Platform, actor: Actor, path: ServicePath, request: bytes, protocol: str = ""
) -> AsyncGenerator[bytes, None]:
    """What was pushed, for whoever may see the service."""
    target = await _target(platform, actor, path)
    return git_pushes.repositories_of(platform).fetch(target.service.id, request, protocol)


async def receive(
    platform: Platform, actor: Actor, path: ServicePath, request: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Take a push. Returns when the request was read to its end, with the answer, which takes as long as the deployment.

    From then on whoever pushed may go: it is recorded and deployed all the same. Raises what `advertise` does, `Invalid` for
    what is no push, and whatever `request` raises.
    """
    target = await _target(platform, actor, path)
    head, rest = await _head(request)
    if not head.updates:
        # git asks with an empty push whether it may.
        await _drain(rest)
        return _said(b"")
    if wrong := faults(head.updates, target.source.branch):
        await _drain(rest)
        others = f"nothing was taken, because of {', '.join(wrong)}"
        return _said(pkt_line.reported(refused(head.updates, others, wrong), head))
    read = asyncio.Event()
    taking = asyncio.create_task(_take(platform, actor, target, head, _until_read(rest, read)))
    _under_way.add(taking)
    taking.add_done_callback(_under_way.discard)
    await _first(taking, read)
    return answer(platform, actor, target, head, taking)


async def _target(platform: Platform, actor: Actor, path: ServicePath) -> Target:
    async with platform.database.read() as tx:
        service = await _service(tx, actor, path)
        if not isinstance(service.source, PushSource):
            raise Conflict(
                f"{path} is not deployed from pushes to Shipway: its source is of another kind.",
                hint=f"Create a service with --push, such as `shipway services create {path}-pushed --push`.",
            )
        source = await pushed_source(tx, service, service.source)
        return Target(service, replace(source, branch=service.following.branch or source.branch))


async def _service(tx: Tx, actor: Actor, path: ServicePath) -> Service:
    try:
        return await access.service(tx, actor, path)
    except NotFound:
        known = [each for each in await services.listed(tx) if each.path == path and actor.sees(each.workspace_id)]
        if known:
            raise Conflict(f"{path} is being deleted; nothing can be pushed to it any more.") from None
        raise


async def _head(request: AsyncIterator[bytes]) -> tuple[PushHead, AsyncIterator[bytes]]:
    """Which refs are to move, and the rest of the request."""
    data = b""
    async for chunk in request:
        data += chunk
        if ends := pkt_line.head_ends(data):
            return pkt_line.push_head(data[:ends]), _then(data[ends:], request)
        if len(data) > pkt_line.MOST_HEAD:
            raise LimitReached(
                "This push moves too many branches and tags at once.", hint="Push some of them at a time."
            )
    raise Invalid("The push broke off before it had begun.", hint="Push again.")


async def _take(platform: Platform, actor: Actor, target: Target, head: PushHead, pack: AsyncIterator[bytes]) -> Taken:
    """Receive it, and record what becomes of it."""
    update = of_branch(head.updates, target.source.branch)
    push = await _announced(platform, actor, target, update)
    try:
        received = await git_pushes.repositories_of(platform).receive(target.service.id, head.data, pack)
    except ShipwayError as error:
        if push:
            await git_pushes.refuse(platform, push, error.message)
        raise
    if push is None or update is None:
        return Taken(received.report, received.words, None)
    if not received.report.took(update.ref):
        why = received.report.refs.get(update.ref) or received.report.unpack
        await git_pushes.refuse(platform, push, f"git: {why}")
        return Taken(received.report, received.words, None)
    return Taken(received.report, received.words, await git_pushes.settle(platform, push))


async def _announced(platform: Platform, actor: Actor, target: Target, update: RefUpdate | None) -> GitPush | None:
    if update is None:
        return None
    return await git_pushes.announce(platform, actor, target.service.id, target.source.branch, update.new)


async def _first(task: asyncio.Task[Taken], event: asyncio.Event) -> None:
    """Until either is there; what the task raised by then is raised."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    # What only git or Shipway has against it is told in the answer; what broke the request off leaves nobody to tell.
    if task.done() and not event.is_set():
        task.result()


async def _then(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk


async def _until_read(chunks: AsyncIterator[bytes], read: asyncio.Event) -> AsyncIterator[bytes]:
    """The same; `read` says when that was all."""
    async for chunk in chunks:
        yield chunk
    read.set()


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """A client listens only when it has said everything."""
    async for _ in chunks:
        pass


async def _said(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
