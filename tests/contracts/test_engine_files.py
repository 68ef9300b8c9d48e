"""What every engine promises of file sets, on the fake one and on the real Docker."""

from collections.abc import AsyncIterator

import pytest
from tests.support.engines import FakeLab, Lab, docker_lab


@pytest.fixture(params=["fake", "docker"])
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[Lab]:
    if request.param == "fake":
        yield FakeLab()
    else:
        async with docker_lab() as real:
            yield real


async def test_an_instance_sees_what_was_published_before_it_started(lab: Lab) -> None:
    await lab.engine.publish("app.d1", {"app.toml": b"a = 1\n", "nginx/conf.d/a.conf": "ä $x\n".encode()})
    instance = await lab.engine.start(lab.workload(files="app.d1"))
    assert instance.files == "app.d1"
    assert await lab.files(instance.name) == {"app.toml": "a = 1\n", "nginx/conf.d/a.conf": "ä $x\n"}


async def test_running_instances_see_what_is_published_and_no_longer_what_was(lab: Lab) -> None:
    first = await lab.engine.start(lab.workload("app.web.1", files="app.d1"))
    second = await lab.engine.start(lab.workload("app.web.2", files="app.d1"))
    published = [{"a": b"1", "dir/b": b"1"}, {"a": b"2", "dir": b"a file now"}, {"a/c": b"a directory now"}, {}]
    for files in published:
        await lab.engine.publish("app.d1", files)
        told = {path: content.decode() for path, content in files.items()}
        assert await lab.files(first.name) == await lab.files(second.name) == told


async def test_what_was_published_once_can_be_published_again(lab: Lab) -> None:
    instance = await lab.engine.start(lab.workload(files="app.d1"))
    for content in (b"1", b"2", b"2", b"1", b"3", b"1"):
        await lab.engine.publish("app.d1", {"a": content})
        assert await lab.files(instance.name) == {"a": content.decode()}


async def test_sets_are_apart(lab: Lab) -> None:
    old = await lab.engine.start(lab.workload("app.web.1", files="app.d1"))
    new = await lab.engine.start(lab.workload("app.web.2", files="app.d2"))
    await lab.engine.publish("app.d2", {"a": b"new"})
    assert (await lab.files(old.name), await lab.files(new.name)) == ({}, {"a": "new"})
    assert await lab.engine.file_sets() == {"app.d1", "app.d2"}


async def test_an_instance_finds_its_files_again_after_a_restart(lab: Lab) -> None:
    await lab.engine.publish("app.d1", {"a": b"1"})
    instance = await lab.engine.start(lab.workload(files="app.d1"))
    await lab.engine.restart(instance.name, grace=10)
    await lab.engine.publish("app.d1", {"a": b"2"})
    assert await lab.files(instance.name) == {"a": "2"}


async def test_what_sees_no_files_is_told_from_what_does(lab: Lab) -> None:
    await lab.engine.start(lab.workload("app.web.1"))
    await lab.engine.start(lab.workload("app.web.2", files="app.d1"))
    assert [each.files for each in await lab.engine.instances()] == ["", "app.d1"]


async def test_nothing_is_left_of_what_was_withdrawn(lab: Lab) -> None:
    await lab.engine.publish("app.d1", {"a": b"1"})
    for _ in range(2):
        await lab.engine.withdraw("app.d1")
        assert await lab.engine.file_sets() == set()
