"""Volumes on the real Docker: whose they are, what they are labelled with, and that nothing of the image is in them."""

import secrets
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import aiodocker
import pytest
from tests.support.docker import execute
from tests.support.engines import DockerLab, docker_lab
from tests.support.images import BUSYBOX

from shipway.domain.workload import VolumeMount

DATA = VolumeMount("vol_1", "/srv/app/data")
Image = Callable[[str], str]


@pytest.fixture
async def docker() -> AsyncIterator[DockerLab]:
    async with docker_lab() as real:
        yield real


@pytest.fixture
def image() -> Iterator[Image]:
    """Makes an image out of the test image and a few lines."""
    made: list[str] = []

    def make(lines: str) -> str:
        made.append(f"shipway-test/{secrets.token_hex(4)}:1")
        dockerfile = f"FROM {BUSYBOX}\n{lines}\n".encode()
        subprocess.run(
            ["docker", "build", "-q", "-t", made[-1], "-"], input=dockerfile, check=True, capture_output=True
        )
        return made[-1]

    yield make
    for name in made:
        subprocess.run(["docker", "rmi", "-f", name], check=True, capture_output=True)


async def seen(docker: DockerLab, image: str, command: str, mount: VolumeMount = DATA) -> str:
    """What a command says in an instance of the image with the volume."""
    name = f"app.{secrets.token_hex(2)}.web.1"
    await docker.engine.start(replace(docker.workload(name), image=image, volumes=(mount,)))
    try:
        return await execute(docker.container(name), "sh", "-c", command)
    finally:
        await docker.engine.stop(name, grace=1)


@pytest.mark.parametrize(
    ("user", "owner"),
    [
        ("app", "1000:1000"),
        ("1000", "1000:1000"),
        ("4711", "4711:0"),
        ("4711:4712", "4711:4712"),
        ("app:root", "1000:0"),
        ("root", "0:0"),
        ("0:0", "0:0"),
    ],
)
async def test_the_user_of_the_image_may_write(docker: DockerLab, image: Image, user: str, owner: str) -> None:
    said = await seen(docker, image(f"USER {user}"), f"touch {DATA.path}/mine && stat -c %u:%g {DATA.path}")
    assert said == f"{owner}\n"


async def test_also_where_the_image_has_the_directory_as_root(docker: DockerLab, image: Image) -> None:
    made = image(f"RUN mkdir -p {DATA.path} && echo old >{DATA.path}/old\nUSER app")
    said = await seen(docker, made, f"touch {DATA.path}/mine && ls {DATA.path}")
    assert said == "mine\n", "it is empty at first, whatever the image has there"


async def test_an_image_without_users_may_write_by_number(docker: DockerLab, image: Image) -> None:
    made = image("RUN rm /etc/passwd /etc/group\nUSER 1000")
    assert await seen(docker, made, f"touch {DATA.path}/mine && stat -c %u:%g {DATA.path}") == "1000:0\n"


async def test_what_is_in_it_keeps_its_owner_and_mode(docker: DockerLab, image: Image) -> None:
    made = image("USER app")
    await seen(docker, made, f"umask 077; echo text >{DATA.path}/secret; chmod 700 {DATA.path}")
    said = await seen(docker, made, f"stat -c '%u %a' {DATA.path} {DATA.path}/secret")
    assert said == "1000 700\n1000 600\n"


async def test_it_is_found_again_at_another_path(docker: DockerLab) -> None:
    await seen(docker, BUSYBOX, f"echo kept >{DATA.path}/file")
    assert await seen(docker, BUSYBOX, "cat /else/where/file", replace(DATA, path="/else/where")) == "kept\n"


async def test_it_says_whose_it_is(docker: DockerLab) -> None:
    await docker.engine.start(docker.workload("app.v1.d1.web.1", volumes=(DATA,)))
    async with aiodocker.Docker() as real:
        labels = (await real._query_json(f"volumes/{docker.container(DATA.volume)}"))["Labels"]
    assert labels == {
        "shipway.installation": docker.installation,
        "shipway.name": DATA.volume,
        "shipway.service": "svc_1",
        "shipway.process": "web",
        "shipway.path": "acme/shop/production/app",
    }


async def test_volumes_of_others_are_not_counted(docker: DockerLab) -> None:
    await docker.engine.start(docker.workload("app.v1.d1.web.1", volumes=(DATA,)))
    async with docker_lab() as other:
        assert await other.engine.volume_sizes() == {}
        assert await other.engine.remove_volume(DATA.volume), "there is none of that name here"
    assert list(await docker.engine.volume_sizes()) == [DATA.volume]
