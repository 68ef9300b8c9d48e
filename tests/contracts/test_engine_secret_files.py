"""What every engine promises of secret files, on the fake one and on the real Docker."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.docker import execute
from tests.support.engines import PATIENCE, DockerLab, Lab, docker_lab, only
from tests.support.images import BUSYBOX

from shipway.domain.errors import ShipwayError
from shipway.engines.docker.ownership import user_id
from shipway.engines.docker.secret_files import PLACES

FILES = {"dsn": "postgres://ada:p=w$@db/x\n", "key.pem": "-----BEGIN KEY-----\nkönig \"'\n-----END KEY-----\n"}


async def until(lab: Lab, state: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await only(lab)).state != state:
            await asyncio.sleep(0.02)


async def test_an_instance_finds_its_secret_files_byte_by_byte(lab: Lab) -> None:
    workload = lab.workload(secret_files=FILES)
    await lab.engine.start(workload)
    assert {name: await lab.secret_file(workload.name, name) for name in FILES} == FILES
    assert "ada" not in repr(workload)


async def test_what_an_instance_was_handed_can_be_told_again_also_when_it_has_exited(lab: Lab) -> None:
    workload = lab.workload(secret_files=FILES, environment={"DSN": "a=b\nc", "EMPTY": ""})
    await lab.engine.start(workload)
    await lab.crash(workload.name)
    await until(lab, "exited")
    handed = await lab.engine.handed(workload.name)
    assert handed and (handed.environment["DSN"], handed.environment["EMPTY"]) == ("a=b\nc", "")
    assert handed.secret_files == FILES and "ada" not in repr(handed)

    await lab.lose_secret_files(workload.name)
    left = await lab.engine.handed(workload.name)
    assert left and (left.environment, left.secret_files) == (handed.environment, {})
    await lab.engine.stop(workload.name, 0)
    assert await lab.engine.handed(workload.name) is None


async def test_what_lost_its_files_is_not_brought_up_without_them_and_is_with_them(lab: Lab) -> None:
    workload = lab.workload(secret_files=FILES, restart=True)
    await lab.engine.start(workload)
    await lab.lose_secret_files(workload.name)
    await lab.crash(workload.name)
    await until(lab, "exited")

    again = await lab.engine.start(lab.workload(secret_files=FILES | {"dsn": "another"}, restart=True))
    assert again.state == "running"
    assert await lab.secret_file(workload.name, "dsn") == "another"
    assert await lab.secret_file(workload.name, "key.pem") == FILES["key.pem"]


async def test_a_restart_of_what_lost_its_files_leaves_it_down(lab: Lab) -> None:
    workload = lab.workload(secret_files=FILES, restart=True)
    await lab.engine.start(workload)
    await lab.lose_secret_files(workload.name)
    with suppress(ShipwayError):
        await lab.engine.restart(workload.name, 0)
    await until(lab, "exited")


async def test_a_crash_takes_nothing_away(lab: Lab) -> None:
    workload = lab.workload(secret_files=FILES, restart=True)
    await lab.engine.start(workload)
    await lab.crash(workload.name)
    async with asyncio.timeout(PATIENCE):
        while (seen := await only(lab)).restarts == 0 or seen.state != "running":
            await asyncio.sleep(0.02)
    assert await lab.secret_file(workload.name, "dsn") == FILES["dsn"]


@pytest.fixture
async def docker() -> AsyncIterator[DockerLab]:
    async with docker_lab() as real:
        yield real


def directory_of(lab: DockerLab, name: str) -> list[Path]:
    return [place / lab.container(name) for place in PLACES if (place / lab.container(name)).exists()]


async def test_on_docker_they_are_in_memory_for_the_owner_alone_and_go_with_the_instance(docker: DockerLab) -> None:
    workload = docker.workload(secret_files=FILES)
    await docker.engine.start(workload)
    [directory] = directory_of(docker, workload.name)
    assert subprocess.check_output(["stat", "-f", "-c", "%T", directory], text=True).strip() == "tmpfs"
    assert oct((directory / "dsn").stat().st_mode & 0o777) == "0o400"
    assert oct(directory.parent.stat().st_mode & 0o777) == "0o700"
    refused = await execute(docker.container(workload.name), "sh", "-c", "echo x > /run/secrets/dsn; echo $?")
    assert "Read-only" in refused
    await docker.engine.stop(workload.name, 0)
    assert directory_of(docker, workload.name) == []


async def test_a_release_command_finds_them_too(docker: DockerLab) -> None:
    told: list[str] = []
    workload = docker.workload(secret_files=FILES, command=("/bin/cat", "/run/secrets/dsn"))
    assert await docker.engine.run(workload, told.append, 20) == 0
    assert told == [FILES["dsn"].strip()]
    await docker.engine.stop(workload.name, 0)
    assert directory_of(docker, workload.name) == []


async def test_the_user_that_the_image_names_can_read_them(docker: DockerLab) -> None:
    image = f"{docker.installation}:user"
    recipe = f"FROM {BUSYBOX}\nUSER app:app\n"
    subprocess.run(
        ["docker", "build", "-q", "-t", image, "-"], input=recipe, text=True, check=True, capture_output=True
    )
    try:
        workload = docker.workload(secret_files=FILES, image=image)
        await docker.engine.start(workload)
        assert await docker.secret_file(workload.name, "dsn") == FILES["dsn"]
        [directory] = directory_of(docker, workload.name)
        assert {each.stat().st_uid for each in (directory, directory / "dsn")} == {1000}
        await docker.engine.stop(workload.name, 0)
    finally:
        subprocess.run(["docker", "rmi", "-f", image], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("user", "number"), [("1000", 1000), ("1000:50", 1000), ("app", 33), ("app:www", 33), ("nobody", 0), ("", 0)]
)
def test_the_owner_is_whom_the_image_names(user: str, number: int) -> None:
    assert user_id(user, "root:x:0:0::/:/bin/sh\nbad line\napp:x:33:33::/:/bin/sh\n") == number
