"""What every engine promises of volumes, on the fake one and on the real Docker."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.support.docker import execute
from tests.support.engines import DockerLab, FakeLab, Lab, docker_lab

from shipway.domain.errors import Unavailable
from shipway.domain.workload import VolumeMount, Workload
from shipway.engines.engine import Engine, KeepsVolumes

DATA = VolumeMount("vol_1", "/srv/app/data")


@pytest.fixture(params=["fake", "docker"])
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[Lab]:
    if request.param == "fake":
        yield FakeLab()
    else:
        async with docker_lab() as real:
            yield real


def having(lab: Lab, name: str = "app.v1.d1.web.1", *mounts: VolumeMount) -> Workload:
    return lab.workload(name, volumes=mounts or (DATA,))


async def write(lab: Lab, instance: str, text: str, path: str = DATA.path) -> None:
    if isinstance(lab, FakeLab):
        lab.engine.volumes.seen_by(instance, path)["file"] = text
    else:
        assert isinstance(lab, DockerLab)
        said = await execute(lab.container(instance), "sh", "-c", f"printf %s '{text}' >{path}/file && echo written")
        assert said == "written\n", said


async def read(lab: Lab, instance: str, path: str = DATA.path) -> str:
    if isinstance(lab, FakeLab):
        return lab.engine.volumes.seen_by(instance, path).get("file", "")
    assert isinstance(lab, DockerLab)
    return await execute(lab.container(instance), "sh", "-c", f"cat {path}/file 2>/dev/null || true")


def keeping(engine: Engine) -> KeepsVolumes:
    assert isinstance(engine, KeepsVolumes)
    return engine


async def test_a_new_one_is_empty_and_can_be_written(lab: Lab) -> None:
    instance = await lab.engine.start(having(lab))
    assert await read(lab, instance.name) == ""
    await write(lab, instance.name, "kept")
    assert await read(lab, instance.name) == "kept"


async def test_the_next_instance_finds_what_the_last_one_wrote(lab: Lab) -> None:
    first = await lab.engine.start(having(lab))
    await write(lab, first.name, "kept")
    await lab.engine.stop(first.name, grace=1)
    second = await lab.engine.start(having(lab, "app.v2.d2.web.1"))
    assert await read(lab, second.name) == "kept"


async def test_a_restart_and_a_crash_keep_it(lab: Lab) -> None:
    instance = await lab.engine.start(having(lab))
    await write(lab, instance.name, "kept")
    await lab.engine.restart(instance.name, grace=1)
    assert await read(lab, instance.name) == "kept"


async def test_two_volumes_are_two(lab: Lab) -> None:
    other = VolumeMount("vol_2", "/cache")
    instance = await lab.engine.start(having(lab, "app.v1.d1.web.1", DATA, other))
    await write(lab, instance.name, "data")
    await write(lab, instance.name, "cache", other.path)
    assert (await read(lab, instance.name), await read(lab, instance.name, other.path)) == ("data", "cache")


async def test_two_instances_never_have_one_at_once(lab: Lab) -> None:
    first = await lab.engine.start(having(lab))
    with pytest.raises(Unavailable, match=r"app\.v1\.d1\.web\.1"):
        await lab.engine.start(having(lab, "app.v2.d2.web.1"))
    assert [each.name for each in await lab.engine.instances()] == [first.name]
    await lab.engine.stop(first.name, grace=1)
    assert (await lab.engine.start(having(lab, "app.v2.d2.web.1"))).state == "running"


async def test_who_has_it_is_started_again_with_it(lab: Lab) -> None:
    workload = having(lab)
    await lab.engine.start(workload)
    assert (await lab.engine.start(replace(workload, restart=True))).state == "running"


async def test_it_is_counted_by_name(lab: Lab) -> None:
    instance = await lab.engine.start(having(lab))
    await write(lab, instance.name, "x" * 5000)
    sizes = await keeping(lab.engine).volume_sizes()
    assert list(sizes) == [DATA.volume]
    assert 5000 <= sizes[DATA.volume] < 50_000


async def test_one_that_an_instance_has_is_not_removed(lab: Lab) -> None:
    instance = await lab.engine.start(having(lab))
    assert not await keeping(lab.engine).remove_volume(DATA.volume)
    await lab.engine.stop(instance.name, grace=1)
    assert await keeping(lab.engine).remove_volume(DATA.volume)
    assert await keeping(lab.engine).volume_sizes() == {}


async def test_removing_what_is_not_there_is_fine(lab: Lab) -> None:
    assert await keeping(lab.engine).remove_volume("vol_nobody")


async def test_after_its_removal_a_new_one_of_the_name_is_empty(lab: Lab) -> None:
    instance = await lab.engine.start(having(lab))
    await write(lab, instance.name, "kept")
    await lab.engine.stop(instance.name, grace=1)
    await keeping(lab.engine).remove_volume(DATA.volume)
    again = await lab.engine.start(having(lab))
    assert await read(lab, again.name) == ""
