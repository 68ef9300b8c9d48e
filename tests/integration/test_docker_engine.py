"""What only the real Docker can show: recovery from what others do, and what it costs."""

import asyncio
from pathlib import Path

import aiodocker
import pytest
from tests.support.docker import Tap, docker_engine
from tests.support.engines import (
    PATIENCE,
    DockerLab,
    docker_lab,
    event,
    lines_of,
    only,
    until_it_answers,
)
from tests.support.images import BUSYBOX

from shipway.domain.errors import DeployFailed, Invalid, Unavailable
from shipway.engines.docker.engine import DockerEngine
from shipway.engines.fake import serves


class TestRecovering:
    async def test_a_container_that_was_created_and_not_started_is_started(self, docker: DockerLab) -> None:
        async with aiodocker.Docker() as client:
            labels = {"shipway.installation": docker.installation}
            await client.containers.create({"Image": BUSYBOX, "Labels": labels}, name=docker.container("app.web.1"))
        started = await docker.engine.start(docker.workload(app=serves()))
        await until_it_answers(docker, started.address)
        assert [i.name for i in await docker.engine.instances()] == ["app.web.1"]

    async def test_a_removal_by_someone_else_is_waited_for(self, docker: DockerLab) -> None:
        started = await docker.engine.start(docker.workload())
        async with aiodocker.Docker() as client:
            container = client.containers.container(docker.container(started.name))
            removals = asyncio.gather(*(container.delete(force=True) for _ in range(3)), return_exceptions=True)
            await docker.engine.stop(started.name, grace=10)
            assert await docker.engine.instances() == []
            await removals

    async def test_a_start_cancelled_while_its_container_is_made_leaves_none_behind_a_stop(
        self, docker: DockerLab, tap: Tap
    ) -> None:
        async with docker_engine(docker.installation, docker_host=tap.host) as engine:
            starting = asyncio.create_task(engine.start(docker.workload()))
            await tap.asked("containers/create")
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await engine.stop("app.web.1", grace=10)
            await asyncio.sleep(0.5)
            assert await engine.instances() == []

    async def test_what_can_never_start_says_so_and_leaves_nothing(self, docker: DockerLab) -> None:
        for impossible in ({"capabilities": ("NO_SUCH",)}, {"hostname": "h" * 100}):
            with pytest.raises(DeployFailed) as failure:
                await docker.engine.start(docker.workload(**impossible))
            assert failure.value.code == "cannot-start"
            assert failure.value.evidence
            assert await docker.engine.instances() == []

    async def test_another_installation_is_neither_seen_nor_touched(self, docker: DockerLab) -> None:
        await docker.engine.start(docker.workload())
        async with docker_lab() as other:
            await other.engine.start(other.workload())
            await other.engine.stop("app.web.1", grace=10)
            assert await other.engine.instances() == []
        assert (await only(docker)).state == "running"

    async def test_no_docker_is_said_with_its_socket(self, tmp_path: Path) -> None:
        engine = DockerEngine("nobody", f"unix://{tmp_path}/none.sock", home=tmp_path)
        for call in (engine.check, engine.instances, lambda: anext(engine.events())):
            with pytest.raises(Unavailable, match="none.sock") as failure:
                await call()
            assert "Start it" in failure.value.hint
        await engine.close()

    async def test_a_docker_that_goes_away_ends_events_and_is_found_again(self, docker: DockerLab, tap: Tap) -> None:
        async with docker_engine(docker.installation, docker_host=tap.host) as engine:
            events = engine.events()
            await engine.start(docker.workload())
            await event("started", "app.web.1", events)
            await tap.cut()
            with pytest.raises(Unavailable):
                await anext(events)
            with pytest.raises(Unavailable):
                await engine.instances()
            await tap.open()
            assert len(await engine.instances()) == 1

    async def test_a_wrong_pool_is_refused(self, tmp_path: Path) -> None:
        for pool in ("10.201.0.0/25", "somewhere", "10.201.0.1/16"):
            with pytest.raises(Invalid, match="network_pool"):
                DockerEngine("nobody", network_pool=pool, home=tmp_path)


class TestCosts:
    async def test_a_start_asks_docker_for_no_more_than_to_create_and_to_start(
        self, docker: DockerLab, tap: Tap
    ) -> None:
        async with docker_engine(docker.installation, docker_host=tap.host) as engine:
            await engine.start(docker.workload("first"))
            tap.requests.clear()
            await engine.start(docker.workload("second"))
        asked = [line.partition("?")[0].rpartition("/")[2] for line in tap.requests]
        assert asked == ["create", "start"]

    async def test_waiting_for_events_and_logs_asks_for_nothing(self, docker: DockerLab, tap: Tap) -> None:
        async with docker_engine(docker.installation, docker_host=tap.host) as engine:
            await engine.start(docker.workload())
            waiting = [
                asyncio.create_task(lines_of(docker, "app.web.1", follow=True)),
                asyncio.create_task(anext(engine.events())),
            ]
            await asyncio.sleep(0.3)
            tap.requests.clear()
            await asyncio.sleep(1)
            assert tap.requests == []
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def test_more_logs_than_a_hundred_can_be_followed(self, docker: DockerLab) -> None:
        await docker.engine.start(docker.workload())
        following = [asyncio.create_task(lines_of(docker, "app.web.1", follow=True)) for _ in range(120)]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(PATIENCE):
            assert (await only(docker)).state == "running"
            await docker.engine.stop("app.web.1", grace=10)
            await asyncio.gather(*following)

    async def test_lines_are_whole_however_long_and_the_last_needs_no_line_break(self, docker: DockerLab) -> None:
        script = "head -c 50000 /dev/zero | tr '\\0' x; echo; printf end"
        for attempt in range(8):  # Docker loses the last line of a followed log about every other time.
            workload = docker.workload(f"app.release.{attempt}", command=("/bin/sh", "-c", script))
            written: list[str] = []
            await docker.engine.run(workload, written.append, PATIENCE)
            assert written == ["x" * 50_000, "end"]
