"""Running a command so that all of it can be ended."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from shipway.builders.process_group import chunks, process_group

ENVIRONMENT = {"PATH": os.environ["PATH"]}


async def output_of(script: str) -> str:
    async with process_group(["/bin/sh", "-c", script], ENVIRONMENT) as process:
        return b"".join([chunk async for chunk in chunks(process)]).decode()


async def test_both_outputs_come_in_the_order_they_were_written() -> None:
    assert await output_of("echo one; echo two >&2; echo three") == "one\ntwo\nthree\n"


async def test_the_command_gets_exactly_the_environment_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_SECRET", "x")
    assert "SECRET" not in await output_of("env")


async def test_a_command_that_is_left_gets_sigterm_first_and_may_tidy_up(tmp_path: Path) -> None:
    script = f"trap 'echo tidied > {tmp_path}/tidied; exit' TERM; echo ready; while :; do sleep 0.05; done"
    async with process_group(["/bin/sh", "-c", script], ENVIRONMENT) as process:
        await anext(chunks(process))
    assert (tmp_path / "tidied").exists()


async def test_a_command_that_ignores_sigterm_is_killed_with_its_children_within_about_a_second() -> None:
    script = "trap '' TERM; (trap '' TERM; echo child; sleep 600) & echo parent; sleep 600"
    began = time.monotonic()
    async with process_group(["/bin/sh", "-c", script], ENVIRONMENT) as process:
        await anext(chunks(process))
    assert time.monotonic() - began < 5
    assert group_is_gone(process.pid)


async def test_what_an_ended_command_left_in_the_background_is_ended_too() -> None:
    async with process_group(["/bin/sh", "-c", "sleep 600 >/dev/null 2>&1 & echo done"], ENVIRONMENT) as process:
        async for _ in chunks(process):
            pass
        assert await process.wait() == 0
        assert not group_is_gone(process.pid)
    assert group_is_gone(process.pid)


async def test_cancellation_ends_it_though_nobody_reads_its_output() -> None:
    started = asyncio.Event()
    pids = []

    async def run() -> None:
        async with process_group([sys.executable, "-c", "while True: print('x' * 10_000)"], ENVIRONMENT) as process:
            pids.append(process.pid)
            started.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(run())
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert group_is_gone(pids[0])


def group_is_gone(group: int) -> bool:
    """Whether no process of the group runs; those that only wait to be reaped count as gone."""
    for entry in Path("/proc").iterdir():
        try:
            state, _, pgrp = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(pgrp) == group and state != "Z":
            return False
    return True
