"""Builds that misbehave, in a real sandbox: each meets its own limit, and nobody else notices."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiodocker
import pytest
from tests.support.builds import Recorder, request_for, source
from tests.support.images import ensure_test_image
from tests.support.sandboxes import LIMITS, Installation, installation

from shipway.builders.builder import BuildRequest
from shipway.builders.docker_api import connect
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.domain.errors import BuildFailed, Unavailable


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    with installation() as made:
        yield made


@pytest.fixture
async def builder(home: Installation) -> AsyncIterator[SandboxedBuilder]:
    async with home.builder() as made:
        yield made


@pytest.fixture
def log() -> Recorder:
    return Recorder()


@pytest.fixture
async def base() -> str:
    return await ensure_test_image()


def step(tree: Path, base: str, command: str, workspace: str = "one", timeout: float = 120.0) -> BuildRequest:
    """A build of one RUN that no cache has."""
    dockerfile = f"FROM {base}\nRUN : {secrets.token_hex(4)}; {command}\n"
    return replace(request_for(source(tree), dockerfile, tag="t/app:v1", timeout=timeout), workspace=workspace)


async def failure_of(builder: SandboxedBuilder, request: BuildRequest, log: Recorder) -> BuildFailed:
    with pytest.raises(BuildFailed) as failure:
        await builder.build(request, log)
    assert failure.value.hint
    return failure.value


async def inside(home: Installation, *command: str, workspace: str = "one") -> str:
    async with home.sandboxes().entered(workspace, Recorder()) as sandbox:
        return await sandbox.run(command)


async def test_a_step_that_takes_more_memory_than_it_may_is_killed_and_told_so(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    hungry = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"
    failure = await failure_of(builder, step(tmp_path, base, hungry), log)
    assert failure.code == "out-of-memory", failure
    assert "256 MiB" in failure.message


async def test_a_step_that_starts_more_processes_than_it_may_is_told_so(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    forking = "for i in $(seq 500); do sleep 30 & done; wait"
    failure = await failure_of(builder, step(tmp_path, base, forking), log)
    assert failure.code == "process-limit", failure


async def test_a_step_that_fills_the_disk_fills_only_its_workspace_s(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    full = await failure_of(builder, step(tmp_path, base, "dd if=/dev/zero of=/big bs=1M count=9000"), log)
    assert full.code == "out-of-disk", full
    neighbour = step(tmp_path, base, "dd if=/dev/zero of=/big bs=1M count=50", workspace="two")
    await builder.build(neighbour, log)
    await builder.build(step(tmp_path, base, "dd if=/dev/zero of=/big bs=1M count=50"), log)


async def test_a_step_that_hangs_is_ended_and_nothing_of_it_runs_on(
    builder: SandboxedBuilder, home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    hanging = step(tmp_path, base, "sleep 4242", timeout=3.0)
    assert (await failure_of(builder, hanging, log)).code == "build-timeout"
    assert "sleep 4242" not in await inside(home, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


async def test_a_build_leaves_no_control_group_behind(
    builder: SandboxedBuilder, home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    await failure_of(builder, step(tmp_path, base, "exit 3"), log)
    await builder.build(step(tmp_path, base, "true"), log)
    assert "build-" not in await inside(home, "sh", "-c", "ls -d /sys/fs/cgroup/* /sys/fs/cgroup/*/*")


async def test_a_step_that_starts_while_its_build_is_cancelled_does_not_run_on(
    builder: SandboxedBuilder, home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    for attempt in range(8):
        build = asyncio.create_task(builder.build(step(tmp_path, base, f"sleep 515{attempt}"), log))
        while f"sleep 515{attempt}" not in log.text:
            await asyncio.sleep(0.01)
        await asyncio.sleep(attempt * 0.02)
        build.cancel()
        with pytest.raises(asyncio.CancelledError):
            await build
    await asyncio.sleep(1)
    assert "sleep 515" not in await inside(home, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


async def test_every_step_runs_in_its_build_s_own_group_with_its_limits(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    await builder.build(step(tmp_path, base, "cat /proc/self/cgroup"), log)
    groups = [line for line in log.lines if "/build-" in line]
    assert groups and all("/buildkit/" in line for line in groups), log.text


async def test_a_cache_of_one_workspace_is_not_another_s(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    mount = "--mount=type=cache,target=/kept,id=shared"
    for workspace, command in (("one", "echo poison > /kept/it"), ("two", "cat /kept/it"), ("one", "cat /kept/it")):
        dockerfile = f"FROM {base}\nRUN {mount} {command} # {secrets.token_hex(4)}\n"
        request = replace(request_for(source(tmp_path), dockerfile, tag="t/app:v1"), workspace=workspace)
        if workspace == "two":
            assert (await failure_of(builder, request, log)).code == "build-command-failed"
        else:
            await builder.build(request, log)


async def test_a_step_sees_no_engine_and_not_this_machine_s_network(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    listening = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        look = f"test ! -S /var/run/docker.sock && test ! -S /run/sandbox/docker.sock && ! nc -w 2 127.0.0.1 {port} </dev/null"
        await builder.build(step(tmp_path, base, look), log)


async def test_a_step_may_not_ask_for_the_network_of_its_sandbox(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    request = request_for(source(tmp_path), f"FROM {base}\nRUN --network=host true\n")
    failure = await failure_of(builder, replace(request, workspace="one"), log)
    assert "network.host is not allowed" in str(failure)


async def test_the_machine_s_engine_is_not_given_to_a_sandbox(
    builder: SandboxedBuilder, home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    await builder.build(step(tmp_path, base, "true"), log)
    async with connect("") as docker:
        shown = await docker.containers.container(f"{home.name}.sandbox.one").show()
    assert not shown["HostConfig"]["Privileged"] and shown["HostConfig"]["CapDrop"] == ["ALL"]
    assert not [mount for mount in shown["Mounts"] if "docker.sock" in mount["Source"]]
    assert shown["HostConfig"]["NetworkMode"] in ("default", "bridge")
    assert 0 < shown["HostConfig"]["Memory"] == shown["HostConfig"]["MemorySwap"]
    assert 0 < shown["HostConfig"]["CpuShares"] < 1024 and shown["HostConfig"]["PidsLimit"] > 0


async def test_the_cache_survives_a_stop_of_the_sandbox_and_a_restart_of_shipway(
    home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    request = step(tmp_path, base, "echo made-once")
    async with home.builder() as first:
        await first.build(request, log)
        await first.stop()
    again = Recorder()
    async with home.builder() as second:
        await second.build(request, again)
    assert "made-once" in log.text and "    made-once" not in again.lines
    assert "cached" in again.text


async def test_a_sandbox_that_dies_during_a_build_fails_it_as_the_world_s_fault_and_the_next_one_works(
    builder: SandboxedBuilder, home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    building = asyncio.create_task(builder.build(step(tmp_path, base, "echo under-way; sleep 60"), log))
    await log.told("    under-way", timeout=60.0)
    async with connect("") as docker:
        await docker.containers.container(f"{home.name}.sandbox.one").kill()
    with pytest.raises((Unavailable, BuildFailed)) as failure:
        await building
    assert isinstance(failure.value, Unavailable), failure.value
    await builder.build(step(tmp_path, base, "true"), log)


async def test_pruning_empties_the_cache_and_says_how_much_that_was(
    builder: SandboxedBuilder, tmp_path: Path, base: str, log: Recorder
) -> None:
    await builder.build(step(tmp_path, base, "dd if=/dev/zero of=/big bs=1M count=100", workspace="prune"), log)
    assert await builder.prune("prune") > 50_000_000
    await builder.build(step(tmp_path, base, "true", workspace="prune"), log)


async def test_more_builds_than_there_may_be_wait_for_their_turn(
    home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    async with home.builder(limits=replace(LIMITS, concurrency=1)) as builder:
        requests = [step(tmp_path, base, f"echo begin-{n}; sleep 1; echo end-{n}") for n in (1, 2)]
        await asyncio.gather(*(builder.build(request, log) for request in requests))
    told = [line.strip() for line in log.lines if line.strip().startswith(("begin-", "end-"))]
    assert [word.partition("-")[0] for word in told] == ["begin", "end", "begin", "end"]
    assert any(line.startswith("waiting: 1 build") for line in log.lines)


async def test_one_that_was_idle_is_stopped_and_one_in_use_is_not(
    home: Installation, tmp_path: Path, base: str, log: Recorder
) -> None:
    sandboxes = home.sandboxes(idle=0.0)
    async with sandboxes.entered("one", log):
        await sandboxes.tidy()
        assert await running(home, "one")
    await sandboxes.tidy()
    assert not await running(home, "one")
    await sandboxes.close()


async def test_what_an_earlier_process_left_running_is_stopped_too(home: Installation, log: Recorder) -> None:
    async with home.sandboxes().entered("one", log):
        pass
    await home.sandboxes(idle=-1.0).tidy()
    assert not await running(home, "one")


async def test_builds_stand_back_for_everyone_else_at_the_top_of_the_machine(home: Installation, log: Recorder) -> None:
    async with home.sandboxes().entered("one", log):
        groups = [
            group for group in Path("/sys/fs/cgroup").glob(f"**/{home.name}.builds*") if (group / "cpu.idle").exists()
        ]
        assert [(group / "cpu.idle").read_text() for group in groups] == ["1\n"]
        assert list(groups[0].glob("*/cgroup.procs"))


async def test_when_all_have_stopped_no_control_group_is_left(home: Installation, log: Recorder) -> None:
    sandboxes = home.sandboxes()
    async with sandboxes.entered("one", log):
        assert list(Path("/sys/fs/cgroup").glob(f"**/{home.name}.builds*"))
    await sandboxes.stop_all()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{home.name}.builds*"))
    await sandboxes.close()


async def test_removing_takes_container_and_disk(home: Installation, log: Recorder) -> None:
    sandboxes = home.sandboxes()
    async with sandboxes.entered("gone", log):
        pass
    await sandboxes.close()
    await sandboxes.remove("gone")
    async with connect("") as docker:
        with pytest.raises(aiodocker.DockerError):
            await docker.containers.container(f"{home.name}.sandbox.gone").show()
        with pytest.raises(aiodocker.DockerError):
            await docker._query_json(f"volumes/{home.name}.sandbox.gone")


async def running(home: Installation, workspace: str) -> bool:
    async with connect("") as docker:
        shown = await docker.containers.container(f"{home.name}.sandbox.{workspace}").show()
    return bool(shown["State"]["Running"])
