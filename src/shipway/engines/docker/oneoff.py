"""One-off runs: a release command or the like, attended to until it ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from aiodocker.containers import DockerContainer

from shipway.domain.errors import DeployFailed
from shipway.domain.log import Log
from shipway.domain.workload import Instance, LogLine, Workload


def remaining(begun: Instance, timeout: float, now: datetime) -> float:
    """Seconds it may still run; one that was begun before a crash of ours is not given its time twice."""
    if begun.state == "exited" or begun.started_at is None:
        return timeout
    return max(0.0, timeout - (now - begun.started_at).total_seconds())


async def attend(container: DockerContainer, lines: AsyncIterator[LogLine], log: Log) -> int:
    """Pass on what it writes, and return its exit code, also when it is removed as soon as it has ended."""
    ended = asyncio.ensure_future(container.wait())
    try:
        async for line in lines:
            log(line.text)
        return int((await ended)["StatusCode"])
    finally:
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)


def timed_out(workload: Workload, timeout: float) -> DeployFailed:
    """What a run that was ended after `timeout` seconds is told as."""
    return DeployFailed(
        f"{workload.name} did not end within {timeout:g} s.",
        code="timeout",
        hint="Make it quicker, or give it more time.",
    )
