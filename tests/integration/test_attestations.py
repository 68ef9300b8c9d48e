"""What goes with an image from a sandbox: attested beside it, while the image itself stays the same."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiodocker
import pytest
from tests.support.builds import request_for, source, unique
from tests.support.images import ensure_test_image
from tests.support.registry import free_port, token_service
from tests.support.sandboxes import Installation, installation

from shipway.builders.bases import Bases
from shipway.builders.builder import BuildRequest
from shipway.builders.sandbox.builder import SandboxedBuilder
from shipway.registry.registry import Stored
from shipway.registry.server import DistributionRegistry

VALUE = "value-of-an-argument"
SECRET = "value-of-a-secret"


@dataclass(frozen=True)
class World:
    builder: SandboxedBuilder
    registry: DistributionRegistry
    tree: Path
    base: str

    def request(self, tag: str) -> BuildRequest:
        dockerfile = f"FROM {self.base}\nARG STAGE\nCOPY . /app\nRUN --mount=type=secret,id=TOKEN : {tag}\n"
        request = request_for(self.tree, dockerfile, tag=tag, timeout=120)
        return replace(request, arguments={"STAGE": VALUE}, secrets={"TOKEN": SECRET.encode()}, workspace="w")

    async def pushed(self, tag: str) -> Stored:
        """Built and pushed as `acme/app:v1`."""
        await self.builder.build(self.request(tag), print)
        reference = f"{self.registry.repository('acme', 'app')}:v1"
        credential = self.registry.push_credential("acme", "app")
        digest = await self.builder.push(tag, reference, credential, print, workspace="w")
        return await self.registry.stored("acme", "app", digest)


@pytest.fixture
async def world(home: Installation, tmp_path: Path) -> AsyncIterator[World]:
    bases = Bases("airgapped")
    async with token_service() as service:
        port = free_port()
        registry = DistributionRegistry(tmp_path / "home", port, service.realm, "test")
        service.tokens = registry.tokens
        await registry.check()
        sandboxes = home.sandboxes((port, service.port))
        builder = SandboxedBuilder(sandboxes, home.home / "tools", scanner=lambda log: bases.ensure("sbom", "", log))
        try:
            yield World(builder, registry, source(tmp_path / "source", app__txt="one"), await ensure_test_image())
        finally:
            await builder.close()
            await registry.shutdown()
            await registry.close()


@pytest.fixture
def home() -> Iterator[Installation]:
    with installation() as made:
        yield made


async def test_an_image_is_itself_whatever_is_attested_beside_it(world: World) -> None:
    first = await world.pushed(f"{unique()}:v1")
    tag = f"{unique()}:v2"
    second, again = await world.pushed(tag), await world.pushed(tag)
    assert second == again
    assert first.digest != second.digest, "the tag is part of its command"
    assert first.size > 0

    by_kind = {str(each["predicateType"]): each for each in await world.registry.attestations("acme", "app", "v1")}
    provenance, materials = by_kind["https://slsa.dev/provenance/v0.2"], by_kind["https://spdx.dev/Document"]
    assert VALUE not in json.dumps(by_kind)
    assert SECRET not in json.dumps(by_kind)
    assert world.base.partition(":")[0] in json.dumps(provenance["predicate"]["materials"])
    assert f"sha256:{provenance['subject'][0]['digest']['sha256']}" == second.digest
    assert materials["predicate"]["spdxVersion"] == "SPDX-2.3"

    await _can_be_run(world, second.digest)


async def _can_be_run(world: World, digest: str) -> None:
    """The engine of this machine pulls it by the digest that is recorded, and starts it."""
    reference = f"{world.registry.repository('acme', 'app')}@{digest}"
    credential = world.registry.pull_credential("acme", "app")
    auth = {"username": credential.username, "password": credential.password}
    async with aiodocker.Docker() as docker:
        await docker.images.pull(reference, auth=auth)
        try:
            container = await docker.containers.create({"Image": reference, "Cmd": ["cat", "/app/app.txt"]})
            try:
                await container.start()
                assert (await container.wait(timeout=60))["StatusCode"] == 0
                assert await container.log(stdout=True) == ["one"]
            finally:
                await container.delete(force=True)
        finally:
            await docker.images.delete(reference, force=True)
