"""Images that the real Docker has to pull first."""

import asyncio

import aiodocker
import pytest
from tests.support.docker import docker_engine
from tests.support.engines import (
    DockerLab,
)
from tests.support.pulls import CREDENTIAL, static_registry

from shipway.domain.errors import DeployFailed, Unavailable


class TestPulling:
    async def test_a_missing_image_is_pulled_once_for_all_who_wait(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            names = [f"app.web.{ordinal}" for ordinal in range(3)]
            await asyncio.gather(*(docker.engine.start(docker.workload(n, image=registry.reference)) for n in names))
            assert registry.pulls <= 1
            await asyncio.gather(*(docker.engine.stop(name, grace=0) for name in names))

    async def test_an_image_removed_behind_our_back_is_pulled_again(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            workload = docker.workload(image=registry.reference)
            await docker.engine.start(workload)
            await docker.engine.stop(workload.name, grace=0)
            async with aiodocker.Docker() as client:
                await client.images.delete(registry.reference, force=True)
            await docker.engine.start(workload)
            await docker.engine.stop(workload.name, grace=0)

    async def test_a_tag_is_resolved_to_its_digest(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            assert await docker.engine.resolve_image(registry.tagged) == (registry.reference, 9000)

    async def test_a_tag_is_asked_for_again_as_it_may_have_moved(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            await docker.engine.resolve_image(registry.tagged)
            before = registry.asked
            await docker.engine.resolve_image(registry.tagged)
            assert registry.asked > before

    async def test_an_image_that_is_present_needs_no_registry(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            here = await docker.engine.resolve_image(registry.tagged)
            registry.closed = True
            assert await docker.engine.resolve_image(registry.tagged) == here

    async def test_a_tag_that_is_nowhere_is_said_to_be_missing(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            with pytest.raises(DeployFailed) as failure:
                await docker.engine.resolve_image(registry.tagged + "-not")
        assert failure.value.code == "image-not-found"

    async def test_a_credential_opens_the_registry(self) -> None:
        registry_open = static_registry(protected=True)
        async with registry_open as registry, docker_engine(credentials=lambda _: CREDENTIAL) as engine:
            assert await engine.resolve_image(registry.reference) == (registry.reference, 9000)

    async def test_a_registry_that_refuses_is_told_apart_from_a_missing_image(self, docker: DockerLab) -> None:
        async with static_registry(protected=True) as registry:
            with pytest.raises(DeployFailed) as failure:
                await docker.engine.start(docker.workload(image=registry.reference))
        assert failure.value.code == "image-pull-denied"

    async def test_a_registry_that_does_not_answer_may_do_so_later(self, docker: DockerLab) -> None:
        async with static_registry() as registry:
            gone = registry.reference
        with pytest.raises(Unavailable, match="can't be pulled now"):
            await docker.engine.start(docker.workload(image=gone))
