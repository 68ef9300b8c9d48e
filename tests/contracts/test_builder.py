"""What every builder promises, on the fake, on the engine's BuildKit and in a sandbox."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.builds import Recorder, forget_images, request_for, source, unique, with_context
from tests.support.images import ensure_test_image
from tests.support.registry_server import registry_server
from tests.support.sandboxes import Installation, installation

from shipway.builders.builder import Builder
from shipway.builders.buildkit import BuildKitBuilder
from shipway.builders.fake import FakeBuilder
from shipway.domain.credential import Credential
from shipway.domain.errors import BuildFailed, DeployFailed, Unavailable

GOOD = Credential("shipway", "right")
BAD = Credential("shipway", "wrong-and-secret")
#: `shipway:right`, hashed.
ACCOUNTS = "shipway:$2b$04$QBV64aS2sNqtnDKraMayd.HnBT9KjjyNdu.tvWAyYwZpuO8Aq/PBC\n"
#: Nobody listens there.
DEAD_REGISTRY = "127.0.0.1:9"


@dataclass(frozen=True)
class World:
    """A builder, a base to build on, and a registry that takes `GOOD` and nobody else."""

    builder: Builder
    base: str
    registry: str
    #: A name that no other test uses.
    name: str

    @property
    def tag(self) -> str:
        return f"{self.name}:v1"

    @property
    def reference(self) -> str:
        return f"{self.registry}/{self.name}:v1"


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    """One sandbox for all tests here, brought up by the first that needs it."""
    with installation() as made:
        yield made


@pytest.fixture(params=["fake", "buildkit", "sandbox"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, home: Installation) -> AsyncIterator[World]:
    if request.param == "fake":
        fake = FakeBuilder()
        fake.accepts = lambda _reference, credential: credential == GOOD
        fake.unreachable = {DEAD_REGISTRY}
        yield World(fake, "base:1", "127.0.0.1:7702", unique())
        return
    base = await ensure_test_image()
    async with registry_server(tmp_path, ACCOUNTS) as host:
        name = unique()
        if request.param == "sandbox":
            async with home.builder(ports=(int(host.rpartition(":")[2]),)) as builder:
                yield World(builder, base, host, name)
            return
        yield World(BuildKitBuilder(), base, host, name)
        await forget_images(name)
        await forget_images(f"{host}/")


@pytest.fixture
def log() -> Recorder:
    return Recorder()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return source(tmp_path / "source", app__txt="one")


async def test_a_machine_that_can_build_passes_the_check(world: World) -> None:
    await world.builder.check()


async def test_a_build_returns_the_image_s_content_id_and_tells_every_instruction(
    world: World, tree: Path, log: Recorder
) -> None:
    dockerfile = f"FROM {world.base}\nCOPY app.txt /app.txt\nRUN echo hello-{world.name}\n"
    image_id = (await world.builder.build(request_for(tree, dockerfile, tag=world.tag), log)).id
    assert image_id.startswith("sha256:") and len(image_id) == 71
    for part in ("FROM", "COPY app.txt /app.txt", f"RUN echo hello-{world.name}", f"    hello-{world.name}"):
        assert part in log.text


async def test_the_same_source_gives_the_same_image_again(world: World, tree: Path, log: Recorder) -> None:
    request = request_for(tree, f"FROM {world.base}\nCOPY app.txt /app.txt\n", tag=world.tag)
    first, second = [await world.builder.build(request, log) for _ in range(2)]
    assert first.id == second.id


async def test_a_changed_file_gives_another_image(world: World, tree: Path, log: Recorder) -> None:
    request = request_for(tree, f"FROM {world.base}\nCOPY app.txt /app.txt\n", tag=world.tag)
    before = await world.builder.build(request, log)
    source(tree, app__txt="two")
    assert (await world.builder.build(request, log)).id != before.id


async def test_a_build_tells_which_images_it_stood_on_by_digest(world: World, tree: Path, log: Recorder) -> None:
    built = await world.builder.build(request_for(tree, f"FROM {world.base}\nRUN echo {world.name}\n"), log)
    assert [base.reference for base in built.bases] == [world.base]
    assert built.bases[0].digest.startswith("sha256:") and len(built.bases[0].digest) == 71


async def test_builds_of_different_tags_run_side_by_side(world: World, tree: Path, log: Recorder) -> None:
    requests = [
        request_for(tree, f"FROM {world.base}\nRUN echo {world.name} {n}\n", tag=f"{world.name}:v{n}") for n in (1, 2)
    ]
    first, second = await asyncio.gather(*(world.builder.build(request, log) for request in requests))
    assert first.id != second.id


async def test_a_failing_command_is_the_app_s_fault_with_its_last_lines_as_evidence(
    world: World, tree: Path, log: Recorder
) -> None:
    dockerfile = f"FROM {world.base}\nRUN echo about-to-fail-{world.name}\nRUN exit 3\n"
    with pytest.raises(BuildFailed) as failure:
        await world.builder.build(request_for(tree, dockerfile, tag=world.tag), log)
    assert failure.value.code == "build-command-failed"
    assert "RUN exit 3" in failure.value.message and "exit code 3" in failure.value.message
    assert failure.value.hint
    assert f"about-to-fail-{world.name}" in log.text


async def test_a_failed_build_leaves_no_image_to_push(world: World, tree: Path, log: Recorder) -> None:
    with pytest.raises(BuildFailed):
        await world.builder.build(request_for(tree, f"FROM {world.base}\nRUN exit 3\n", tag=world.tag), log)
    await _assert_not_there(world, log)


async def test_a_build_context_outside_of_the_source_is_refused(world: World, tree: Path, log: Recorder) -> None:
    request = with_context(request_for(tree, f"FROM {world.base}\nCOPY . /all\n", tag=world.tag), "..")
    with pytest.raises(BuildFailed, match="context"):
        await world.builder.build(request, log)


async def test_a_build_that_takes_too_long_is_ended_and_says_so(world: World, tree: Path, log: Recorder) -> None:
    request = request_for(tree, f"FROM {world.base}\nRUN sleep 61 # {world.name}\n", tag=world.tag, timeout=2.0)
    began = time.monotonic()
    with pytest.raises(BuildFailed, match="2 s") as failure:
        await world.builder.build(request, log)
    assert failure.value.code == "build-timeout"
    assert time.monotonic() - began < 10
    await _assert_not_there(world, log)


async def test_a_cancelled_build_ends_within_a_moment(world: World, tree: Path, log: Recorder) -> None:
    request = request_for(tree, f"FROM {world.base}\nRUN sleep 62 # {world.name}\n", tag=world.tag)
    building = asyncio.create_task(world.builder.build(request, log))
    await log.told("RUN sleep 62")
    building.cancel()
    began = time.monotonic()
    with suppress(asyncio.CancelledError):
        await building
    assert building.cancelled()
    assert time.monotonic() - began < 5
    await _assert_not_there(world, log)


async def test_a_pushed_image_has_a_digest_that_stays_the_same_when_it_is_pushed_again(
    world: World, tree: Path, log: Recorder
) -> None:
    await world.builder.build(request_for(tree, f"FROM {world.base}\nCOPY app.txt /a\n", tag=world.tag), log)
    digest = await world.builder.push(world.tag, world.reference, GOOD, log)
    assert digest.startswith("sha256:") and len(digest) == 71
    assert await world.builder.push(world.tag, world.reference, GOOD, log) == digest
    assert digest in log.text


async def test_a_push_that_the_registry_refuses_is_denied_and_tells_no_secret(
    world: World, tree: Path, log: Recorder
) -> None:
    await world.builder.build(request_for(tree, f"FROM {world.base}\nCOPY app.txt /a\n", tag=world.tag), log)
    with pytest.raises(DeployFailed) as failure:
        await world.builder.push(world.tag, world.reference, BAD, log)
    assert failure.value.code == "push-denied"
    assert BAD.password not in f"{log.text} {failure.value!r} {failure.value.hint} {failure.value.evidence}"


async def test_a_registry_that_does_not_answer_is_the_world_s_fault(world: World, tree: Path, log: Recorder) -> None:
    await world.builder.build(request_for(tree, f"FROM {world.base}\nCOPY app.txt /a\n", tag=world.tag), log)
    with pytest.raises(Unavailable):
        await world.builder.push(world.tag, f"{DEAD_REGISTRY}/{world.name}:v1", GOOD, log)


async def test_a_discarded_image_can_no_longer_be_pushed(world: World, tree: Path, log: Recorder) -> None:
    await world.builder.build(request_for(tree, f"FROM {world.base}\nCOPY app.txt /a\n", tag=world.tag), log)
    await world.builder.discard(world.tag)
    await _assert_not_there(world, log)


async def test_discarding_an_unknown_name_is_fine(world: World) -> None:
    await world.builder.discard(world.tag)
    await world.builder.discard(world.tag)


async def _assert_not_there(world: World, log: Recorder) -> None:
    with pytest.raises(DeployFailed) as failure:
        await world.builder.push(world.tag, world.reference, GOOD, log)
    assert failure.value.code == "built-image-missing"
