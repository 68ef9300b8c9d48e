"""Apps in real containers: signals that reach them, limits that hold (S6.10)."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiodocker
import pytest
from tests.support.docker import inspect
from tests.support.engines import (
    PATIENCE,
    DockerLab,
    exit_of,
    only,
)
from tests.support.images import BUSYBOX

from shipway.domain.process import Resources


class TestSignals:
    """An app gets SIGTERM and the time to finish, whatever stands between it and init."""

    #: Says so when it is told to go, takes a second for it, and says when it is done.
    APP = 'trap "echo draining; sleep 1; echo drained; exit 0" TERM; echo up; while :; do sleep 0.05; done'

    async def stop_and_read(self, docker: DockerLab, image: str, command: tuple[str, ...] | None) -> list[str]:
        started = await docker.engine.start(replace(docker.workload(), image=image, command=command))
        following = docker.engine.logs(started.name, follow=True)
        async with asyncio.timeout(PATIENCE):
            told = [(await anext(following)).text]
            await docker.engine.stop(started.name, grace=600)
            told += [line.text async for line in following]
        # The shell tells of the `sleep` that the signal ended.
        return [text for text in told if text != "Terminated"]

    async def test_the_exec_form(self, docker: DockerLab) -> None:
        # busybox's shell becomes the app itself here, as any program of its own would.
        told = await self.stop_and_read(docker, BUSYBOX, ("/bin/busybox", "sh", "-c", self.APP))
        assert told == ["up", "draining", "drained"]

    async def test_the_shell_form(self, docker: DockerLab) -> None:
        script = f"true && sh -c '{self.APP}'"
        assert await self.stop_and_read(docker, BUSYBOX, ("/bin/sh", "-c", script)) == ["up", "draining", "drained"]

    async def test_the_shell_form_in_the_middle_of_a_script(self, docker: DockerLab) -> None:
        script = f"sh -c '{self.APP}'; echo never"
        assert await self.stop_and_read(docker, BUSYBOX, ("/bin/sh", "-c", script)) == ["up", "draining", "drained"]

    @pytest.mark.parametrize("instruction", ["CMD", "ENTRYPOINT"])
    async def test_the_shell_form_of_the_image(self, docker: DockerLab, instruction: str) -> None:
        argv = json.dumps(["/bin/sh", "-c", f"sh -c '{self.APP}'; true"])
        async with derived_image(f"{instruction} {argv}") as image:
            assert await self.stop_and_read(docker, image, None) == ["up", "draining", "drained"]

    async def test_an_exit_code_passes_the_shell(self, docker: DockerLab) -> None:
        workload = replace(docker.workload("app.release"), command=("/bin/sh", "-c", "true && exit 9"))
        assert await docker.engine.run(workload, [].append, PATIENCE) == 9


class TestHardening:
    async def told_by(self, docker: DockerLab, script: str, **fields: Any) -> list[str]:
        written: list[str] = []
        workload = docker.workload("app.release", command=("/bin/sh", "-c", script), **fields)
        await docker.engine.run(workload, written.append, PATIENCE)
        return written

    async def test_an_app_has_no_capability_and_can_gain_none(self, docker: DockerLab) -> None:
        told = await self.told_by(docker, "grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\t '")
        assert sorted(told) == ["CapBnd:0000000000000000", "CapEff:0000000000000000", "NoNewPrivs:1", "Seccomp:2"]

    async def test_a_listed_capability_is_kept(self, docker: DockerLab) -> None:
        [told] = await self.told_by(docker, "grep CapEff /proc/self/status", capabilities=("NET_BIND_SERVICE",))
        assert int(told.split()[1], 16) == 1 << 10

    async def test_init_is_the_first_process(self, docker: DockerLab) -> None:
        [told] = await self.told_by(docker, "cat /proc/1/comm")
        assert "init" in told or "tini" in told

    async def test_processes_are_limited(self, docker: DockerLab) -> None:
        script = "for i in $(seq 40); do sleep 5 & done; echo all"
        told = await self.told_by(docker, script, resources=Resources(pids=20))
        assert "all" not in told
        assert any("fork" in line for line in told)

    async def test_memory_behind_a_shell_is_limited_too(self, docker: DockerLab) -> None:
        script, events = "true && tail /dev/zero", docker.engine.events()
        started = await docker.engine.start(docker.workload(command=("/bin/sh", "-c", script)))
        await exit_of(started.name, events)
        assert (await only(docker)).oom_killed

    async def test_the_limits_and_the_log_bounds_are_what_was_asked_for(self, docker: DockerLab) -> None:
        resources = Resources(memory=48 * 1024 * 1024, cpus=0.5, pids=33)
        started = await docker.engine.start(docker.workload(resources=resources))
        host = (await inspect(docker.container(started.name)))["HostConfig"]
        assert (host["Memory"], host["MemorySwap"]) == (resources.memory, resources.memory)
        assert (host["NanoCpus"], host["PidsLimit"]) == (500_000_000, 33)
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


@contextlib.asynccontextmanager
async def derived_image(instruction: str) -> AsyncIterator[str]:
    """The test image with another instruction in its configuration."""
    name = f"shipway-test/{secrets.token_hex(4)}"
    async with aiodocker.Docker() as client:
        container = await client.containers.create({"Image": BUSYBOX, "Cmd": []})
        await container.commit(repository=name, changes=[instruction])
        await container.delete()
        try:
            yield f"{name}:latest"
        finally:
            await client.images.delete(name, force=True)
