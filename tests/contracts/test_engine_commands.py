"""What every engine promises of commands inside instances, on the fake one and on the real Docker."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator

import pytest
from tests.support.engines import PATIENCE, FakeLab, Lab, docker_lab, exit_of

from shipway.domain.workload import MOST_OUTPUT, Executed, Workload
from shipway.engines.fake import Behaviour, exits
from shipway.engines.fake_apps import Command


@pytest.fixture(params=["fake", "docker"])
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[Lab]:
    if request.param == "fake":
        yield FakeLab()
    else:
        async with docker_lab() as real:
            yield real


def sh(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


HANGS = sh("echo asking; sleep 3600; true")
#: What the fake engine is told of the commands that the real one really runs.
KNOWN = {
    ("true",): Command(),
    ("echo", "a b", "$PORT"): Command(output="a b $PORT\n"),
    sh("echo well; exit 3"): Command(3, "well\n"),
    sh("echo bad >&2; exit 1"): Command(1, "bad\n"),
    sh("seq 1 10000"): Command(output="".join(f"{n}\n" for n in range(1, 10_001))),
    HANGS: Command(output="asking\n", after=math.inf),
    ("/etc",): Command(126, "permission denied"),
}


async def run(lab: Lab, command: tuple[str, ...], timeout: float = PATIENCE) -> Executed | None:
    return await lab.engine.execute("app.web.1", command, timeout)


async def started(lab: Lab, **fields: object) -> Workload:
    workload = lab.workload(app=Behaviour(commands=KNOWN), **fields)
    await lab.engine.start(workload)
    return workload


async def until_nothing_runs(lab: Lab) -> None:
    async with asyncio.timeout(PATIENCE):
        while await lab.executing("app.web.1"):
            await asyncio.sleep(0.02)


async def test_a_command_ends_with_its_exit_code_and_what_it_wrote(lab: Lab) -> None:
    await started(lab)
    assert await run(lab, ("true",)) == Executed(0)
    assert await run(lab, sh("echo well; exit 3")) == Executed(3, "well\n")
    assert await run(lab, sh("echo bad >&2; exit 1")) == Executed(1, "bad\n")


async def test_its_words_reach_it_as_they_are(lab: Lab) -> None:
    await started(lab)
    assert await run(lab, ("echo", "a b", "$PORT")) == Executed(0, "a b $PORT\n")


async def test_of_much_output_the_last_whole_lines_are_kept(lab: Lab) -> None:
    await started(lab)
    ran = await run(lab, sh("seq 1 10000"))
    assert ran and ran.exit_code == 0
    lines = ran.output.split()
    assert lines == [str(number) for number in range(10_001 - len(lines), 10_001)]
    assert MOST_OUTPUT - 6 < len(ran.output) <= MOST_OUTPUT


async def test_a_program_that_is_not_there_or_none_is_told_by_its_exit_code(lab: Lab) -> None:
    await started(lab)
    for command, code in ((("no-such-program",), 127), (("/no/such",), 127), (("/etc",), 126)):
        ran = await run(lab, command)
        assert ran and ran.exit_code == code, command
        assert ran.output


async def test_one_that_hangs_is_ended_in_time_and_none_piles_up(lab: Lab) -> None:
    await started(lab)
    for _ in range(3):
        assert await run(lab, HANGS, timeout=0.5) == Executed(None, "asking\n")
        await until_nothing_runs(lab)
    assert await run(lab, ("true",)) == Executed(0)


async def test_one_whose_caller_is_cancelled_is_ended(lab: Lab) -> None:
    await started(lab)
    running = asyncio.create_task(run(lab, HANGS))
    async with asyncio.timeout(PATIENCE):
        while not await lab.executing("app.web.1"):
            await asyncio.sleep(0.02)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await until_nothing_runs(lab)


async def test_several_at_once_keep_apart(lab: Lab) -> None:
    await started(lab)
    hanging = asyncio.create_task(run(lab, HANGS, timeout=2))
    assert await run(lab, ("true",)) == Executed(0)
    assert await hanging == Executed(None, "asking\n")


async def test_in_what_does_not_run_nothing_is_run(lab: Lab) -> None:
    assert await run(lab, ("true",)) is None
    workload, events = lab.workload(app=exits(3)), lab.engine.events()
    await lab.engine.start(workload)
    await exit_of(workload.name, events)
    assert await run(lab, ("true",)) is None


async def test_one_whose_instance_ends_tells_of_no_success(lab: Lab) -> None:
    workload = await started(lab)
    running = asyncio.create_task(run(lab, HANGS, timeout=3))
    await lab.crash(workload.name)
    ran = await running
    assert ran is None or ran.exit_code != 0
