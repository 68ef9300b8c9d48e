"""One-off runs: ask for one, sit before it, see what has become of it, end it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from shipway.domain.errors import Conflict, Invalid, LimitReached, NotFound
from shipway.domain.names import ServicePath
from shipway.domain.one_off import LONGEST, MOST_AT_ONCE, TIMEOUT, OneOff, check_command
from shipway.domain.process import WEB
from shipway.domain.release import Release
from shipway.domain.service import Service
from shipway.domain.session import Window
from shipway.domain.workload import Instance
from shipway.operations import access
from shipway.operations.access import Actor
from shipway.operations.images import refuse_pruned
from shipway.pipeline import topics
from shipway.pipeline.attending import LOG, Converse, attend_attached
from shipway.pipeline.platform import Platform
from shipway.store import deployments, one_off_runs, releases
from shipway.store.database import Tx

#: Seconds between two looks at a log that is followed, when no signal comes.
_LOOK = 2.0
#: Best first.
_SHELLS = ("/bin/bash", "/bin/sh")
#: Seconds that a shell has to show that it is there.
_TRYING = 10.0


@dataclass(frozen=True, slots=True)
class RunView:
    """A run, and whose."""

    run: OneOff
    path: ServicePath


@dataclass(frozen=True, slots=True)
class RunOutput:
    """New text in the log of a detached run."""

    #: Byte offset after this text: where to go on reading.
    offset: int
    text: str


async def ask_for_run(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    command: tuple[str, ...],
    *,
    attached: bool,
    process: str = "",
    release: int | None = None,
    timeout: float = TIMEOUT,
) -> RunView:
    """A run of a command in a container of its own, of the live release or another. A detached one begins at once; an attached
    one when its client attaches, which has a minute for that.

    Raises `NotFound` for an unknown release, `Invalid` for an unknown process type or a command that can't be, `Conflict` when
    nothing is live, `ImagePruned`, `LimitReached` when too many of the service are under way.
    """
    check_command(command)
    _check_timeout(timeout)
    async with platform.database.write() as tx:
        service = await access.service(tx, actor, path)
        of = await _release(tx, service, release)
        await refuse_pruned(tx, of.id)
        made = await _create(
            tx, actor, service, of, command, process=_process(of, process), attached=attached, timeout=timeout
        )
    if not attached:
        platform.signals.notify(topics.RUNS)
    return RunView(made, path)


async def ask_to_enter(
    platform: Platform,
    actor: Actor,
    path: ServicePath,
    command: tuple[str, ...],
    *,
    instance: str = "",
    timeout: float = TIMEOUT,
) -> RunView:
    """A run of a command beside the app of a running instance: `web.2` of what is live, or the first. No command: the best
    shell there. It begins when its client attaches.

    Raises `NotFound` when no such instance runs, `Conflict` when it has no shell, `Invalid`, `LimitReached`, `Unavailable`.
    """
    _check_timeout(timeout)
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
    inside = await _running(platform, service, instance)
    words = command or (await _shell(platform, inside.name),)
    check_command(words)
    async with platform.database.write() as tx:
        release = await releases.by_number(tx, service.id, inside.owner.release)
        assert release
        process = inside.owner.process
        made = await _create(
            tx, actor, service, release, words, process=process, attached=True, timeout=timeout, instance=inside.name
        )
    return RunView(made, path)


async def take(platform: Platform, actor: Actor, run_id: str) -> OneOff:
    """Be the one who sits before an attached run; `sit_before` has to follow. Raises `Conflict` when somebody is already, or
    was, and for one that runs detached."""
    async with platform.database.write() as tx:
        run, _ = await access.one_off(tx, actor, run_id)
        if not run.attached or run.state != "starting" or not await one_off_runs.claim(tx, run_id):
            why = "has been attached to already" if run.attached else "runs detached"
            raise Conflict(f"{run_id} {why}.", hint="Run the command once more: `shipway run`.")
    return run


async def sit_before(platform: Platform, run: OneOff, window: Window | None, converse: Converse) -> OneOff:
    """Begin a run that was taken and stay with it to its end, or its client's. Returns how it ended."""
    return await attend_attached(platform, run, window, converse)


async def list_runs(platform: Platform, actor: Actor, path: ServicePath, *, limit: int = 20) -> list[RunView]:
    """Newest first, over and under way."""
    async with platform.database.read() as tx:
        service = await access.service(tx, actor, path)
        return [RunView(each, path) for each in await one_off_runs.of_service(tx, service.id, limit=limit)]


async def get_run(platform: Platform, actor: Actor, run_id: str) -> RunView:
    """One, by id."""
    async with platform.database.read() as tx:
        run, service = await access.one_off(tx, actor, run_id)
    return RunView(run, service.path)


async def stop_run(platform: Platform, actor: Actor, run_id: str) -> RunView:
    """Have one ended: SIGTERM, its grace, SIGKILL. One that is over stays as it is."""
    async with platform.database.write() as tx:
        run, _ = await access.one_off(tx, actor, run_id)
        await one_off_runs.ask_to_stop(tx, run.id, actor.user.name)
    platform.signals.notify(topics.one_off(run_id))
    return await get_run(platform, actor, run_id)


async def follow_run(
    platform: Platform, actor: Actor, run_id: str, *, offset: int = 0, follow: bool = False
) -> AsyncIterator[RunOutput]:
    """What a detached run wrote, masked, from a byte offset on; with `follow`, to its end."""
    run = (await get_run(platform, actor, run_id)).run
    if run.attached:
        raise Invalid(f"{run_id} ran attached: what it wrote went to its client, and is kept nowhere.")
    with platform.signals.subscribe(topics.one_off_output(run_id)) as news:
        while True:
            # Asked before its log is read, so that what is read of one that is over is all of it.
            over = (await get_run(platform, actor, run_id)).run.finished
            while data := await asyncio.to_thread(platform.logs.read, run_id, LOG, offset):
                offset += len(data)
                yield RunOutput(offset, data.decode(errors="replace"))
            if over or not follow:
                return
            await news.wait(_LOOK)


async def _running(platform: Platform, service: Service, wanted: str) -> Instance:
    """The instance that is meant, by its place or its whole name."""
    found = await platform.engine.instances(service=service.id)
    running = [each for each in found if each.state == "running"]
    live = [each for each in running if each.owner.deployment == service.live_deployment_id] or running
    fitting = [each for each in live if wanted == _place(each)] or [each for each in running if wanted == each.name]
    if not wanted:
        fitting = sorted(live, key=lambda each: (each.owner.process != WEB, each.name))
    if not fitting:
        there = ", ".join(map(_place, live))
        raise NotFound(
            f"No instance {wanted} of {service.path} runs." if wanted else f"No instance of {service.path} runs.",
            hint=f"There are {there}." if there else "Run it in a container of its own: `shipway run -- COMMAND`.",
        )
    return fitting[0]


def _place(instance: Instance) -> str:
    """`web.2`."""
    return ".".join(instance.name.split(".")[-2:])


async def _shell(platform: Platform, name: str) -> str:
    for shell in _SHELLS:
        ran = await platform.engine.execute(name, (shell, "-c", ":"), _TRYING)
        if ran is not None and ran.exit_code == 0:
            return shell
    raise Conflict(
        f"The image of {name} has no shell: neither {' nor '.join(_SHELLS)} runs there.",
        hint="Run a program that it has: `shipway exec -- COMMAND`; or add a shell to the image.",
    )


async def _create(
    tx: Tx,
    actor: Actor,
    service: Service,
    release: Release,
    command: tuple[str, ...],
    *,
    process: str,
    attached: bool,
    timeout: float,
    instance: str = "",
) -> OneOff:
    if await one_off_runs.count_unfinished(tx, service.id) >= MOST_AT_ONCE:
        raise LimitReached(
            f"{MOST_AT_ONCE} one-off runs of {service.path} are under way, which is the most.",
            hint=f"`shipway runs {service.path}` lists them; `shipway runs stop ID` ends one.",
        )
    return await one_off_runs.create(
        tx,
        service.id,
        command,
        release_id=release.id,
        release=release.number,
        process=process,
        attached=attached,
        actor=actor.user.name,
        trigger=actor.door,
        timeout=timeout,
        instance=instance,
    )


async def _release(tx: Tx, service: Service, number: int | None) -> Release:
    if number is not None:
        found = await releases.by_number(tx, service.id, number)
        if found is None:
            raise NotFound(
                f"{service.path} has no release v{number}.", hint=f"`shipway releases {service.path}` lists them."
            )
        return found
    live = await deployments.find(tx, service.live_deployment_id) if service.live_deployment_id else None
    found = await releases.find(tx, live.release_id) if live and live.release_id else None
    if found is None:
        raise Conflict(
            f"Nothing of {service.path} is live, so there is no release to run it in.",
            hint="Deploy it first: `shipway deploy`; or name a release: `--release v3`.",
        )
    return found


def _process(release: Release, wanted: str) -> str:
    names = [each.name for each in release.processes]
    if wanted and wanted not in names:
        raise Invalid(f"v{release.number} has no process type {wanted!r}.", hint=f"It has {', '.join(names)}.")
    return wanted or (WEB if WEB in names or not names else names[0])


def _check_timeout(timeout: float) -> None:
    if not 1 <= timeout <= LONGEST:
        raise Invalid(
            f"A time limit of {timeout:g} s is none that a run can have.",
            hint=f"From 1 s to {LONGEST / 86400:g} days.",
        )
