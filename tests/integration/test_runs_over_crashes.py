"""One-off runs when Shipway ends among them, and when what they belong to goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from tests.support.stack import PATH, Stack

from shipway.domain.clock import now
from shipway.domain.one_off import OneOff
from shipway.engines.fake import exits
from shipway.engines.fake_sessions import FakeSession
from shipway.operations import deletion, runs
from shipway.pipeline.one_offs import KEPT, sweep_one_offs
from shipway.store import one_off_runs
from shipway.worker.attendant import Attendant
from shipway.worker.janitor import Janitor


@asynccontextmanager
async def attended(stack: Stack) -> AsyncIterator[None]:
    """An attendant at work. When it ends, so suddenly that it gives nothing back."""
    async with stack.platform.database.write() as tx:
        await one_off_runs.release_all(tx)
    task = asyncio.create_task(Attendant(stack.platform).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ask(stack: Stack, *command: str, attached: bool = False) -> OneOff:
    return (await runs.ask_for_run(stack.platform, stack.actor, PATH, command, attached=attached)).run


async def found(stack: Stack, run: OneOff) -> OneOff:
    return (await runs.get_run(stack.platform, stack.actor, run.id)).run


async def until(stack: Stack, run: OneOff, *states: str) -> OneOff:
    async with asyncio.timeout(20):
        while (seen := await found(stack, run)).state not in states:
            await asyncio.sleep(0.005)
    return seen


async def log_of(stack: Stack, run: OneOff) -> str:
    return "".join([each.text async for each in runs.follow_run(stack.platform, stack.actor, run.id)])


@pytest.fixture
async def live(stack: Stack) -> Stack:
    await stack.deployed()
    return stack


async def test_a_detached_run_is_found_again_and_its_end_recorded(live: Stack) -> None:
    live.engine.script = lambda _: exits(7, 3600, output=["begun"])
    async with attended(live):
        run = await ask(live, "work")
        await until(live, run, "running")
        async with asyncio.timeout(20):
            while not await live.engine.one_offs():
                await asyncio.sleep(0.005)
    [container] = await live.engine.one_offs()
    assert container.state == "running"

    after = await live.restarted()
    live.engine.crash(container.name, 7)
    async with attended(after):
        ended = await until(after, run, "exited")
        assert ended.exit_code == 7
        assert await log_of(after, run) == "begun\n"
        async with asyncio.timeout(20):
            while await live.engine.one_offs():
                await asyncio.sleep(0.005)
    await after.database.close()


async def test_a_run_whose_container_is_gone_is_not_run_again(live: Stack) -> None:
    run = await ask(live, "work")
    async with live.platform.database.write() as tx:
        await one_off_runs.begin(tx, run.id)
    async with attended(live):
        ended = await until(live, run, "failed")
    assert ended.reason == "Its container is gone, and nobody knows how it ended."
    assert await live.engine.one_offs() == []


async def test_an_attached_run_that_lost_its_client_to_a_crash_is_ended(live: Stack) -> None:
    async def never_ends(it: FakeSession) -> int:
        await asyncio.Event().wait()
        return 0

    live.engine.programs["hang",] = never_ends
    run = await runs.take(live.platform, live.actor, (await ask(live, "hang", attached=True)).id)
    begun = asyncio.Event()

    async def converse(_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def crash(verb: str, when: str) -> None:
        if verb == "stop":
            raise asyncio.CancelledError

    sitting = asyncio.create_task(runs.sit_before(live.platform, run, None, converse))
    await asyncio.wait_for(begun.wait(), 20)
    live.engine.intercept = crash
    sitting.cancel()
    await asyncio.gather(sitting, return_exceptions=True)
    after = await live.restarted()
    assert len(await live.engine.one_offs()) == 1
    async with attended(after):
        ended = await until(after, run, "stopped")
    await after.database.close()
    assert "connection to its client" in ended.reason
    assert await live.engine.one_offs() == []


async def test_one_that_nobody_attaches_to_is_given_up(live: Stack) -> None:
    run = await ask(live, "hang", attached=True)
    attendant = Attendant(live.platform)
    await attendant.round()
    assert (await found(live, run)).state == "starting"
    async with live.platform.database.write() as tx:
        await one_off_runs._change(tx, run.id, True, created_at=now() - timedelta(minutes=2))
    async with attended(live):
        assert (await until(live, run, "failed")).reason.startswith("Nobody attached to it")


async def test_what_is_over_is_swept_and_in_time_forgotten(live: Stack) -> None:
    live.engine.script = lambda _: exits(0, output=["said"])
    async with attended(live):
        run = await until(live, await ask(live, "work"), "exited")
    async with live.platform.database.write() as tx:
        await one_off_runs._change(tx, run.id, True, finished_at=now() - KEPT - timedelta(hours=1))
    await sweep_one_offs(live.platform)
    assert await runs.list_runs(live.platform, live.actor, PATH) == []
    assert not live.platform.logs.directory(run.id).exists()


async def test_a_service_is_deleted_with_its_runs(live: Stack) -> None:
    live.engine.script = lambda _: exits(0, 3600, output=["begun"])
    async with attended(live):
        run = await ask(live, "work")
        async with asyncio.timeout(20):
            while not await live.engine.one_offs():
                await asyncio.sleep(0.005)
        await Janitor(live.platform).round()
        assert len(await live.engine.one_offs()) == 1
        assert f"{PATH.dotted}.v1" in await live.engine.file_sets()
        await deletion.delete_service(live.platform, live.actor, PATH, confirm=str(PATH))
        await Janitor(live.platform).round()
        assert await live.engine.one_offs() == []
        assert not live.platform.logs.directory(run.id).exists()
