"""Config files on the real Docker, as an app inside an instance sees them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.docker import execute
from tests.support.engines import DockerLab, docker_lab

EDITS = 200
#: Reads one file by its name, and two as they were published together; says what is wrong, and at the end how much it read.
READER = """
read_all() { cat "$1" 2>/dev/null; }
count=0
while [ ! -e /tmp/stop ]; do
  whole=$(read_all /etc/config/first)
  [ ${#whole} -eq 20000 ] && [ -z "$(echo "$whole" | tr -d "$(echo "$whole" | cut -c1)")" ] || echo "torn ${#whole}"
  pair=$(cd -P /etc/config/..data && cut -c1-9 first dir/second | sort -u | wc -l)
  [ "$pair" = 1 ] || echo "mixed $pair"
  count=$((count + 1))
done
echo "read $count"
"""


@pytest.fixture
async def lab() -> AsyncIterator[DockerLab]:
    async with docker_lab() as made:
        yield made


async def test_a_reader_in_a_loop_never_sees_a_torn_file_or_a_mixture(lab: DockerLab) -> None:
    def files(number: int) -> dict[str, bytes]:
        letter = b"abcdefghijklmnopqrstuvwxyz"[number % 26 : number % 26 + 1]
        return {"first": letter * 20_000, "dir/second": letter * 30_000}

    await lab.engine.publish("app.d1", files(0))
    instance = await lab.engine.start(lab.workload(files="app.d1"))
    container = lab.container(instance.name)
    reader = asyncio.create_task(execute(container, "sh", "-c", READER))
    for number in range(1, EDITS + 1):
        await lab.engine.publish("app.d1", files(number))
        await asyncio.sleep(0.02)
    await execute(container, "touch", "/tmp/stop")
    *wrong, told = (await reader).splitlines()
    assert not wrong
    assert int(told.removeprefix("read ")) > 50, "it read too little for this to mean anything"


async def test_an_instance_can_t_write_there_and_any_user_can_read(lab: DockerLab) -> None:
    await lab.engine.publish("app.d1", {"dir/app": b"1"})
    instance = await lab.engine.start(lab.workload(files="app.d1"))
    container = lab.container(instance.name)
    told = await execute(container, "sh", "-c", "echo 2 > /etc/config/dir/app; touch /etc/config/new; ls /etc/config")
    assert told.count("Read-only file system") == 2 and "dir" in told.splitlines()
    assert await execute(container, "cat", "/etc/config/dir/app", user="app") == "1"


async def test_five_instances_of_one_set_see_an_edit_and_a_sixth_of_another_does_not(lab: DockerLab) -> None:
    names = [f"app.web.{number}" for number in range(1, 6)]
    await lab.engine.publish("app.d1", {"a": b"old"})
    await asyncio.gather(*(lab.engine.start(lab.workload(name, files="app.d1")) for name in names))
    await lab.engine.start(lab.workload("old.web.1", files="app.d0"))
    await lab.engine.publish("app.d1", {"a": b"new"})
    assert [await lab.files(name) for name in names] == [{"a": "new"}] * 5
    assert await lab.files("old.web.1") == {}
