"""Commands inside real containers beyond the contract: what they leave behind, what can't be ended, and a live service
whose health check is one."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.support.engines import PATIENCE, DockerLab, docker_lab
from tests.support.images import ensure_test_image
from tests.support.real import RealShipway, real_shipway

from shipway.domain.workload import MOST_OUTPUT, Executed
from shipway.engines.docker import commands
from shipway.engines.docker.sessions import kill_session

NAME = "app.web.1"
HANGS = ("/bin/sh", "-c", "sleep 3600; true")


@pytest.fixture
async def lab() -> AsyncIterator[DockerLab]:
    async with docker_lab() as made:
        await made.engine.start(made.workload(NAME))
        yield made


async def run(lab: DockerLab, script: str, timeout: float = PATIENCE) -> Executed | None:
    return await lab.engine.execute(NAME, ("/bin/sh", "-c", script), timeout)


async def until_nothing_runs(lab: DockerLab) -> None:
    async with asyncio.timeout(PATIENCE):
        while await lab.executing(NAME):
            await asyncio.sleep(0.02)


async def test_all_that_a_hanging_command_has_started_is_ended_with_it(lab: DockerLab) -> None:
    script = "sleep 3600 & (sleep 3600 & sleep 3600) & sh -c 'trap \"\" TERM; sleep 3600; true' & wait"
    assert await run(lab, script, timeout=1) == Executed(None)
    await until_nothing_runs(lab)


async def test_one_that_ended_passes_though_what_it_left_behind_holds_its_output(lab: DockerLab) -> None:
    assert await run(lab, "echo well; sleep 3600 &") == Executed(0, "well\n")
    await until_nothing_runs(lab)


async def test_one_that_closed_its_output_is_waited_for(lab: DockerLab) -> None:
    assert await run(lab, "exec >&- 2>&-; sleep 1; exit 3") == Executed(3)
    assert await run(lab, "exec >&- 2>&-; sleep 3600", timeout=1) == Executed(None)
    await until_nothing_runs(lab)


async def test_of_one_that_writes_without_end_little_is_read_and_it_is_ended(lab: DockerLab) -> None:
    ran = await run(lab, "yes", timeout=2)
    assert ran and ran.exit_code is None
    assert 0 < len(ran.output) <= MOST_OUTPUT and set(ran.output) == {"y", "\n"}
    await until_nothing_runs(lab)


async def test_what_is_cut_begins_with_a_whole_line(lab: DockerLab) -> None:
    ran = await run(lab, f"echo secret-{'x' * 100}; head -c {MOST_OUTPUT - 50} /dev/zero | tr '\\0' y")
    assert ran and ran.output == "y" * (MOST_OUTPUT - 50)


async def test_the_app_lives_on_and_a_command_has_its_user_and_environment(lab: DockerLab) -> None:
    assert await run(lab, "sleep 3600", timeout=0.5) == Executed(None)
    assert await run(lab, "id -u; echo $PORT; pwd") == Executed(0, "0\n8080\n/\n")
    assert [(each.state, each.restarts) for each in await lab.engine.instances()] == [("running", 0)]


async def test_what_can_not_be_ended_is_not_run_a_second_time(lab: DockerLab, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as powerless:
        powerless.setattr(commands, "kill_session", lambda session, container: None)
        assert await lab.engine.execute(NAME, HANGS, 0.5) == Executed(None)
        for _ in range(3):
            ran = await lab.engine.execute(NAME, ("true",), PATIENCE)
            assert ran and ran.exit_code is None and "still goes on" in ran.output
        assert await lab.executing(NAME) == 2, "the shell and what it waits for"
        # It ends with its instance, and the next is asked as if nothing had been.
        await lab.engine.restart(NAME, grace=0)
        assert await lab.engine.execute(NAME, ("true",), PATIENCE) == Executed(0)


async def test_a_kill_touches_only_the_container_that_was_meant(lab: DockerLab) -> None:
    other = lab.workload("app.web.2")
    await lab.engine.start(other)
    held = asyncio.create_task(lab.engine.execute(other.name, HANGS, PATIENCE))
    async with asyncio.timeout(PATIENCE):
        while not await lab.executing(other.name):
            await asyncio.sleep(0.02)
    assert await lab.engine.execute(NAME, HANGS, 0.5) == Executed(None)
    await until_nothing_runs(lab)
    assert await lab.executing(other.name) == 2
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)


def test_what_is_in_no_such_container_is_not_killed() -> None:
    with subprocess.Popen(["sleep", "3600"], start_new_session=True) as process:
        try:
            kill_session(process.pid, "0" * 64)
            assert process.poll() is None
        finally:
            process.kill()


DOCKERFILE = """\
FROM shipway-test/busybox:1
EXPOSE 8080
CMD ["sh", "-c", "rm -f /tmp/ill; exec httpd -f -p 8080 -h /www"]
"""
MANIFEST = (
    '[health]\ncommand = "test ! -e /tmp/ill"\ninterval = 1\nfailures = 2\ntimeout = 30\n[processes.web]\nscale = 2\n'
)
ADDRESS = "/workspaces/t/projects/t/environments/production/services/app"


def readiness(shipway: RealShipway) -> dict[str, bool]:
    instances = shipway.api.get(ADDRESS).raise_for_status().json()["instances"]
    return {each["name"].rpartition(".")[2]: each["ready"] for each in instances}


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def test_a_live_instance_whose_command_fails_is_out_until_it_passes(tmp_path: Path) -> None:
    asyncio.run(ensure_test_image())
    with real_shipway() as shipway:
        host = shipway.create("app", {"source": {"kind": "upload"}})
        upload = shipway.upload(tmp_path, {"Dockerfile": DOCKERFILE, "shipway.toml": MANIFEST})
        made = shipway.wait(shipway.pipeline("deploy", "app", {"upload": upload}))
        assert (made["state"], made["weakly_verified"]) == ("live", ""), made["failure"]
        assert "`test ! -e /tmp/ill` → exit code 0" in shipway.log(made["id"], "health")

        container = f"{shipway.installation}.t.t.production.app.v1.d1.web.1"
        subprocess.run(["docker", "exec", container, "touch", "/tmp/ill"], check=True)
        wait_until(lambda: readiness(shipway) == {"1": False, "2": True})
        assert shipway.get(host).status_code == 200
        subprocess.run(["docker", "exec", container, "rm", "/tmp/ill"], check=True)
        wait_until(lambda: readiness(shipway) == {"1": True, "2": True})
