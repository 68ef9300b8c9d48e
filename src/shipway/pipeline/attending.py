"""Attending to a one-off run: from its start, or from where the attendant before was, to its end, which is recorded.

Who attends holds a lease: so a run of somebody who died is found. Once a run may have been started nobody starts it again;
a detached one goes on over the end of Shipway and is waited for by the next, an attached one has lost its client and ends.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from shutil import rmtree

from shipway.domain.errors import Conflict, DeployFailed, ShipwayError, Unavailable
from shipway.domain.log import Log
from shipway.domain.one_off import OneOff, OneOffState
from shipway.domain.session import Window
from shipway.engines.sessions import Attaches, Executes, Session
from shipway.pipeline import topics
from shipway.pipeline.one_offs import begun, prepared
from shipway.pipeline.platform import Platform
from shipway.pipeline.said import masked_log
from shipway.store import one_off_runs, services

#: Seconds between two looks at whether somebody wants its end. News of that comes at once in the process that attends.
_LOOK = 5.0
#: Seconds between SIGTERM and SIGKILL for one that lost its client.
_GRACE = 10.0
#: Step under which what a detached run writes is kept.
LOG = "run"
#: Bytes of it that are kept.
MOST_KEPT = 10 * 1024 * 1024
_NOBODY = "Nobody attached to it: its client went away before it began."
_LOST_CLIENT = "Shipway ended meanwhile, and with it the connection to its client."
_LOST = "Its container is gone, and nobody knows how it ended."
_CLIENT_GONE = "Its client went away."

#: Goes between a session and the user; returns at the end of the output, raises `ClientGone` when nobody is there any more.
Converse = Callable[[Session], Awaitable[None]]


class ClientGone(Exception):
    """Whoever sat before a run is not there any more."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    state: OneOffState
    exit_code: int | None = None
    reason: str = ""


@dataclass(slots=True)
class _Held:
    """A run that is attended to here."""

    #: Set when it is to be ended.
    end: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""

    def stop(self, why: str) -> None:
        self.why = self.why or why
        self.end.set()


@asynccontextmanager
async def held(platform: Platform, run_id: str) -> AsyncIterator[_Held]:
    """Attend to a run that was claimed; nobody does afterwards."""
    holding = _Held()
    platform.attended.add(run_id)
    keeping = asyncio.create_task(_keep(platform, run_id, holding))
    try:
        yield holding
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        platform.attended.discard(run_id)
        async with platform.database.write() as tx:
            await one_off_runs.release(tx, run_id)


async def _keep(platform: Platform, run_id: str, holding: _Held) -> None:
    with platform.signals.subscribe(topics.one_off(run_id)) as news:
        while True:
            try:
                async with platform.database.write() as tx:
                    run = await one_off_runs.renew(tx, run_id)
                if run is None or run.finished:
                    holding.stop("The service was deleted.")
                elif run.stopped_by:
                    holding.stop(_by(run))
            except Unavailable:
                pass  # Next time; the lease is longer than a few of them.
            await news.wait(_LOOK)


async def attend_attached(platform: Platform, run: OneOff, window: Window | None, converse: Converse) -> OneOff:
    """Run an attached one that was claimed, to its end or that of its client. Returns how it ended; raises only what keeps
    that from being recorded."""
    async with held(platform, run.id) as holding:
        try:
            ended = await _contained(_attached(platform, run, window, converse, holding))
        except Unavailable as error:
            ended = Ended("failed", reason=_told(error))
        return await _finish(platform, run, ended)


async def attend_detached(platform: Platform, run: OneOff) -> None:
    """Run a detached one that was claimed, or wait for one that has been begun. Cancelled, it goes on running. Raises
    `Unavailable`; it is somebody else's then."""
    async with held(platform, run.id) as holding:
        name = await _name(platform, run)
        await _finish(platform, run, await _contained(_detached(platform, run, holding)))
        # Not before its end is recorded: who finds no container knows nothing of it.
        await platform.engine.stop(name, 0)


async def end_abandoned(platform: Platform, run: OneOff) -> None:
    """End an attached one that was claimed and that nobody attended to: its client is gone."""
    async with held(platform, run.id):
        never = run.state == "starting"
        if not (never or run.instance):
            await platform.engine.stop(await _name(platform, run), _GRACE)
        await _finish(
            platform, run, Ended("failed", reason=_NOBODY) if never else Ended("stopped", reason=_LOST_CLIENT)
        )


async def _attached(
    platform: Platform, run: OneOff, window: Window | None, converse: Converse, holding: _Held
) -> Ended:
    async with platform.database.write() as tx:
        await one_off_runs.begin(tx, run.id)
    async with _session(platform, run, window) as session:
        return await _sat_before(session, converse, holding, run.timeout)


@asynccontextmanager
async def _session(platform: Platform, run: OneOff, window: Window | None) -> AsyncIterator[Session]:
    """Begun, and ended on leaving."""
    engine = platform.engine
    if run.instance and isinstance(engine, Executes):
        async with engine.enter(run.instance, run.command, window) as session:
            yield session
    elif not run.instance and isinstance(engine, Attaches):
        workload = await prepared(platform, run, terminal=window is not None)
        try:
            async with engine.attach(workload, window) as session:
                yield session
        finally:
            await engine.stop(workload.name, workload.stop_grace)
    else:
        raise Conflict(
            "The engine of this installation can't do that.", hint="Run it detached: `shipway run --detach`."
        )


async def _sat_before(session: Session, converse: Converse, holding: _Held, timeout: float) -> Ended:
    talking = asyncio.ensure_future(converse(session))
    ending = asyncio.ensure_future(holding.end.wait())
    try:
        await asyncio.wait((talking, ending), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            talking.result()
            return Ended("exited", await session.exit_code())
        return Ended("stopped", reason=holding.why or _too_long(timeout))
    except ClientGone:
        return Ended("stopped", reason=_CLIENT_GONE)
    finally:
        for task in (talking, ending):
            task.cancel()
        await asyncio.gather(talking, ending, return_exceptions=True)


async def _detached(platform: Platform, run: OneOff, holding: _Held) -> Ended:
    workload = await (begun(platform, run) if run.state == "running" else prepared(platform, run))
    if workload is None:
        return Ended("stopped", reason=_by(run)) if run.stopped_by else Ended("failed", reason=_LOST)
    async with platform.database.write() as tx:
        await one_off_runs.begin(tx, run.id)
    log = await _recording(platform, run)
    running = asyncio.ensure_future(platform.engine.run(workload, log, run.timeout))
    ending = asyncio.ensure_future(holding.end.wait())
    try:
        await asyncio.wait((running, ending), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await platform.engine.stop(workload.name, workload.stop_grace)
        code = await running
        return Ended("stopped", code, holding.why) if holding.end.is_set() else Ended("exited", code)
    finally:
        for task in (running, ending):
            task.cancel()
        await asyncio.gather(running, ending, return_exceptions=True)


async def _recording(platform: Platform, run: OneOff) -> Log:
    """Keeps what it writes, masked, from the beginning: the engine repeats what it has of one that was begun before."""
    await asyncio.to_thread(rmtree, platform.logs.directory(run.id), ignore_errors=True)
    async with platform.database.read() as tx:
        service = await services.get(tx, run.service_id)
    room = MOST_KEPT

    def keep(line: str) -> None:
        nonlocal room
        if room <= 0:
            return
        room -= len(line.encode(errors="replace")) + 1
        platform.logs.append(run.id, LOG, line if room > 0 else f"-----> More than {MOST_KEPT} bytes are not kept.")
        platform.signals.notify(topics.one_off_output(run.id))

    return await masked_log(platform, service, keep)


async def _name(platform: Platform, run: OneOff) -> str:
    async with platform.database.read() as tx:
        return run.name((await services.get(tx, run.service_id)).path)


async def _contained(attended: Awaitable[Ended]) -> Ended:
    """What can't be run has ended; of what the world is to blame for, only whoever tries again knows."""
    try:
        return await attended
    except Unavailable:
        raise
    except DeployFailed as error:
        return Ended("stopped" if error.code == "timeout" else "failed", reason=_told(error))
    except ShipwayError as error:
        return Ended("failed", reason=_told(error))


def _told(error: ShipwayError) -> str:
    return f"{error.message} {error.hint}".strip()


async def _finish(platform: Platform, run: OneOff, ended: Ended) -> OneOff:
    async with platform.database.write() as tx:
        await one_off_runs.finish(tx, run.id, ended.state, exit_code=ended.exit_code, reason=ended.reason)
        known = await one_off_runs.find(tx, run.id)
    for topic in (topics.one_off(run.id), topics.one_off_output(run.id)):
        platform.signals.notify(topic)
    return known or run


def _too_long(timeout: float) -> str:
    return f"It did not end within {timeout:g} s."


def _by(run: OneOff) -> str:
    return f"Stopped by {run.stopped_by}."
